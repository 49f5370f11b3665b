package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
)

// security is what the options say about TLS.
type security struct {
	on, off           bool
	mode              string // ssl_mode
	ca, cert, key     string // files
	host, hostGiven   bool
	chain, chainGiven bool
}

// config returns nil where TLS is not asked for. Unless the options say less, the server's certificate is verified, its
// host too: ssl_mode REQUIRED and PREFERRED verify nothing, as in MySQL's own client, and VERIFY_CA the chain alone.
func (s security) config(host string) (*tls.Config, error) {
	wanted := s.on || s.mode != "" || s.ca != "" || s.cert != "" || s.key != "" || s.hostGiven && s.host || s.chainGiven && s.chain
	if !wanted || s.off || s.mode == "DISABLED" {
		return nil, nil
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.ca != "" {
		pem, err := os.ReadFile(s.ca)
		if err != nil {
			return nil, errors.New("mysql: the file of the option ssl_ca cannot be read")
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("mysql: the file of the option ssl_ca holds no certificate in PEM form")
		}
	}
	if s.cert != "" || s.key != "" {
		pair, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil { // not wrapped: it may speak of the key
			return nil, errors.New("mysql: the files of the options ssl_cert and ssl_key are not a certificate and its key in PEM form")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	chain := s.mode != "REQUIRED" && s.mode != "PREFERRED" && !(s.chainGiven && !s.chain) || s.ca != "" && s.mode == "REQUIRED"
	identity := chain && s.mode != "VERIFY_CA" && s.mode != "REQUIRED" && !(s.hostGiven && !s.host)
	switch {
	case !chain:
		config.InsecureSkipVerify = true
	case !identity:
		config.InsecureSkipVerify = true // of the host; the chain is verified here
		config.VerifyConnection = func(state tls.ConnectionState) error {
			options := x509.VerifyOptions{Roots: config.RootCAs, Intermediates: x509.NewCertPool()}
			for _, cert := range state.PeerCertificates[1:] {
				options.Intermediates.AddCert(cert)
			}
			_, err := state.PeerCertificates[0].Verify(options)
			return err
		}
	}
	return config, nil
}
