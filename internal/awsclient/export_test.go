package awsclient

// Proxy is tested by itself, for the addresses that it is about cannot be asked.
var Proxy = (*Options).proxy
