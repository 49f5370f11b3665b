// Package netfail says in words of its own why a server could not be reached, whatever wrote the error: the standard
// library, gRPC or a vendor's SDK. Errors of those may quote what they were given; these words never do.
package netfail

import (
	"errors"
	"net"
	"strings"
)

// causes are looked for in the text of an error, in this order: what lies deeper comes first. The text is all there is
// where an error crossed gRPC or a vendor's login library, which keep no other trace of the cause.
var causes = []struct{ mark, why string }{
	{"certificate signed by unknown authority", "TLS: its certificate is signed by an unknown authority; add the CA to the system's or name it in SSL_CERT_FILE"},
	{"certificate is not trusted", "TLS: its certificate is signed by an unknown authority; add the CA to the system's"},
	{"certificate has expired or is not yet valid", "TLS: its certificate has expired or is not yet valid; check the clock too"},
	{"certificate is valid for", "TLS: its certificate is for another host"},
	{"certificate is not valid for", "TLS: its certificate is for another host"},
	{"doesn't contain any IP SANs", "TLS: its certificate is for another host"},
	{"server gave HTTP response to HTTPS client", "TLS: it does not speak TLS"},
	{"first record does not look like a TLS handshake", "TLS: it does not speak TLS"},
	{"x509: ", "TLS: its certificate was not accepted"},
	{"remote error: tls: ", "TLS: it refused the handshake; does it ask for a client certificate?"},
	{"tls: ", "TLS: the handshake failed"},
	{"TLS handshake", "TLS: the handshake failed"},
	{"authentication handshake failed", "TLS: the handshake failed"},
	{"proxyconnect", "the proxy could not be reached"},
	{"no such host", "its host name is not known"},
	{"name resolver error", "its host name is not known"},
	{"server misbehaving", "the name server fails"},
	{"connect: no such file or directory", "there is no such socket"},
	{"connection refused", "connection refused"},
	{"actively refused", "connection refused"},
	{"no route to host", "no route to it"},
	{"network is unreachable", "no route to it"},
	{"connection reset", "connection reset"},
	{"forcibly closed", "connection reset"},
	{"broken pipe", "connection reset"},
	{"context deadline exceeded", "no answer in time"},
	{"i/o timeout", "no answer in time"},
	{"Client.Timeout exceeded", "no answer in time"},
	{"connection timed out", "no answer in time"},
	{"EOF", "connection closed without an answer"},
}

// Why returns the cause, or "" where err is nil or not known to be a failure of the network.
func Why(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, c := range causes {
		if strings.Contains(text, c.mark) {
			return c.why
		}
	}
	return ""
}

// At returns " at 10.0.0.7:5432" where err is about a server that could not be dialled, and "" for every other. It is the address
// that a host name led to, and never the name: that is what the caller was given, and if it was misread it may be anything.
func At(err error) string {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		if address, ok := dial.Addr.(*net.TCPAddr); ok {
			return " at " + address.String()
		}
	}
	return ""
}
