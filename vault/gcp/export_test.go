package gcp

// FromArguments is what the driver makes a login with.
var FromArguments = fromArguments
