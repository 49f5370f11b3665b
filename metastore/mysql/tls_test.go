package mysql

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/wiretest"
)

// Each mode accepts the servers that MySQL's own client would, and no other.
func TestWhichServersAreTrusted(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler()) // its certificate is for example.com, and its own authority
	wiretest.CloseAtEnd(t, server)
	file := func(name string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
		return path
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	another, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	right, wrong := file("right.pem", server.Certificate().Raw), file("wrong.pem", another)

	for name, c := range map[string]struct {
		security
		host    string
		trusted bool
	}{
		"identity":                     {security{mode: "VERIFY_IDENTITY", ca: right}, "example.com", true},
		"identity of another host":     {security{mode: "VERIFY_IDENTITY", ca: right}, "other.org", false},
		"identity, another authority":  {security{mode: "VERIFY_IDENTITY", ca: wrong}, "example.com", false},
		"an authority alone":           {security{ca: right}, "other.org", false},
		"chain":                        {security{mode: "VERIFY_CA", ca: right}, "other.org", true},
		"chain, another authority":     {security{mode: "VERIFY_CA", ca: wrong}, "example.com", false},
		"chain, the system's":          {security{mode: "VERIFY_CA"}, "example.com", false},
		"host off":                     {security{on: true, ca: right, hostGiven: true}, "other.org", true},
		"host off, another authority":  {security{on: true, ca: wrong, hostGiven: true}, "example.com", false},
		"required":                     {security{mode: "REQUIRED"}, "other.org", true},
		"required, with an authority":  {security{mode: "REQUIRED", ca: right}, "other.org", true},
		"required, another authority":  {security{mode: "REQUIRED", ca: wrong}, "example.com", false},
		"preferred":                    {security{mode: "PREFERRED"}, "other.org", true},
		"chain off, another authority": {security{on: true, ca: wrong, chainGiven: true}, "example.com", true},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := c.config(c.host)
			require.NoError(t, err)
			conn, err := tls.Dial("tcp", server.Listener.Addr().String(), config)
			if err == nil {
				require.NoError(t, conn.Close())
			}
			assert.Equal(t, c.trusted, err == nil, "got %v", err)
		})
	}
}
