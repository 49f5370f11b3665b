package samples

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets/internal/leaktest"
)

// cloud is the internet as the stores' clients see it: a proxy that leads every host to one server, which answers as
// AWS, Azure, Google and Vault do, and notes the names that it is asked for. So the configurations of the manuals are
// opened as they are printed, real host names included.
type cloud struct {
	secretmanagerpb.UnimplementedSecretManagerServiceServer
	google *grpc.Server
	vault  string // URL

	mu     sync.Mutex
	values map[string]string // by name in the store
	asked  []string
}

// internet is started once, because Go reads proxies and trusted certificates once.
var internet *cloud

func TestMain(m *testing.M) {
	if runtime.GOOS != "linux" { // elsewhere Go asks the system for certificates, and not SSL_CERT_FILE
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "samples")
	must(err)
	stop := startInternet(dir)
	leaktest.Main(runner{m, func() {
		stop()
		must(os.RemoveAll(dir))
	}})
}

// runner runs the tests, and ends the internet before goroutines are counted.
type runner struct {
	*testing.M
	end func()
}

func (r runner) Run() int {
	defer r.end()
	return r.M.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// holds gives the internet what it holds for one test, and forgets what was asked.
func (c *cloud) holds(values map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values, c.asked = values, nil
}

// names returns the names that were asked for since the last call.
func (c *cloud) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	return asked
}

// ask notes a name and returns what it holds.
func (c *cloud) ask(name string) (text string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, name)
	text, ok = c.values[name]
	return text, ok
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(r.Host, ":")
	switch {
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		c.google.ServeHTTP(w, r)
	case host == "oauth2.googleapis.com":
		reply(w, http.StatusOK, map[string]any{"access_token": "google", "token_type": "Bearer", "expires_in": 3600})
	case host == "login.microsoftonline.com":
		c.serveLogin(w, r)
	case strings.HasSuffix(host, ".vault.azure.net"):
		c.serveAzure(w, r)
	case strings.HasSuffix(host, ".amazonaws.com"):
		c.serveAWS(w, r)
	case strings.HasPrefix(r.URL.Path, "/v1/"):
		c.serveVault(w, r)
	default:
		http.Error(w, "no such host", http.StatusBadGateway)
	}
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	must(json.NewEncoder(w).Encode(body))
}

func (c *cloud) serveAWS(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name     string
		SecretID string `json:"SecretId"`
	}
	must(json.NewDecoder(r.Body).Decode(&in))
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	notFound := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		must(json.NewEncoder(w).Encode(map[string]string{"__type": code}))
	}
	switch r.Header.Get("X-Amz-Target") {
	case "AmazonSSM.GetParameter":
		text, ok := c.ask(in.Name)
		if !ok {
			notFound("ParameterNotFound")
			return
		}
		must(json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]string{"Name": in.Name, "Value": text, "Type": "SecureString"}}))
	case "secretsmanager.GetSecretValue":
		text, ok := c.ask(in.SecretID)
		if !ok {
			notFound("ResourceNotFoundException")
			return
		}
		must(json.NewEncoder(w).Encode(map[string]string{"Name": in.SecretID, "SecretString": text}))
	default:
		c.ask(r.Header.Get("X-Amz-Target"))
		notFound("UnknownOperationException")
	}
}

func (c *cloud) serveVault(w http.ResponseWriter, r *http.Request) {
	text, ok := c.ask(strings.TrimPrefix(r.URL.Path, "/v1/"))
	if !ok || r.Header.Get("X-Vault-Token") != "vault" {
		reply(w, http.StatusNotFound, map[string]any{"errors": []string{}})
		return
	}
	data := any(json.RawMessage(text))
	if strings.Contains(r.URL.Path, "/data/") {
		data = map[string]any{"data": data, "metadata": map[string]any{"version": 1}}
	}
	reply(w, http.StatusOK, map[string]any{"data": data})
}

func (c *cloud) serveLogin(w http.ResponseWriter, r *http.Request) {
	const tenant = "https://login.microsoftonline.com/test-tenant"
	switch {
	case strings.HasSuffix(r.URL.Path, "/token"):
		reply(w, http.StatusOK, map[string]any{"access_token": "azure", "token_type": "Bearer", "expires_in": 3600})
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		reply(w, http.StatusOK, map[string]any{"tenant_discovery_endpoint": tenant + "/v2.0/.well-known/openid-configuration"})
	default:
		reply(w, http.StatusOK, map[string]any{"issuer": tenant + "/v2.0", "authorization_endpoint": tenant + "/oauth2/v2.0/authorize",
			"token_endpoint": tenant + "/oauth2/v2.0/token"})
	}
}

func (c *cloud) serveAzure(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer azure" {
		w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/test-tenant", resource="https://vault.azure.net"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	name := strings.Trim(strings.TrimPrefix(r.URL.Path, "/secrets/"), "/")
	text, ok := c.ask(name)
	if !ok {
		reply(w, http.StatusNotFound, map[string]any{"error": map[string]string{"code": "SecretNotFound"}})
		return
	}
	reply(w, http.StatusOK, map[string]any{"value": text, "id": "https://" + r.Host + "/secrets/" + name + "/1", "attributes": map[string]any{"enabled": true}})
}

// AccessSecretVersion is Google's.
func (c *cloud) AccessSecretVersion(_ context.Context, in *secretmanagerpb.AccessSecretVersionRequest) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	text, ok := c.ask(in.GetName())
	if !ok {
		return nil, status.Error(codes.NotFound, "not found")
	}
	return &secretmanagerpb.AccessSecretVersionResponse{Name: in.GetName(), Payload: &secretmanagerpb.SecretPayload{Data: []byte(text)}}, nil
}

// startInternet starts the servers and leads this process to them: a proxy, a certificate authority, credentials.
func startInternet(dir string) (stop func()) {
	c := &cloud{google: grpc.NewServer()}
	secretmanagerpb.RegisterSecretManagerServiceServer(c.google, c)
	authority := newAuthority()

	var servers []*http.Server
	var all sync.WaitGroup // of the goroutines here
	serve := func(h http.Handler, config *tls.Config) (addr string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(err)
		s := &http.Server{Handler: h, TLSConfig: config, ErrorLog: nil}
		servers = append(servers, s)
		all.Go(func() {
			err := error(nil)
			if config == nil {
				err = s.Serve(l)
			} else {
				err = s.ServeTLS(l, "", "")
			}
			if !errors.Is(err, http.ErrServerClosed) {
				panic(err)
			}
		})
		return l.Addr().String()
	}
	secure := serve(c, &tls.Config{GetCertificate: authority.certify})
	c.vault = "http://" + serve(c, nil)
	proxy := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tunnel(&all, w, r, secure) }), nil)
	internet = c

	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		must(os.WriteFile(path, text, 0o600))
		return path
	}
	for _, entry := range os.Environ() { // what a developer's machine has set must not change the tests
		name, _, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"AIRFLOW", "AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "VAULT_", "HTTP", "http", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"} {
			if strings.HasPrefix(name, prefix) {
				must(os.Unsetenv(name))
			}
		}
	}
	for name, value := range map[string]string{
		"HTTPS_PROXY":   "http://" + proxy,
		"SSL_CERT_FILE": write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.cert.Raw})),
		"SSL_CERT_DIR":  filepath.Join(dir, "none"),

		"AWS_CONFIG_FILE":             write("aws-config", []byte("[default]\nregion = us-east-2\n")),
		"AWS_SHARED_CREDENTIALS_FILE": write("aws-credentials", []byte("[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = test\n")),
		"AWS_EC2_METADATA_DISABLED":   "true",

		"AZURE_TENANT_ID": "test-tenant", "AZURE_CLIENT_ID": "test-client", "AZURE_CLIENT_SECRET": "test",

		"GOOGLE_APPLICATION_CREDENTIALS": write("google.json", serviceAccount()),

		"VAULT_TOKEN": "vault",
		"HOME":        dir,
	} {
		must(os.Setenv(name, value))
	}
	return func() {
		c.google.Stop()
		for _, s := range servers {
			must(s.Close())
		}
		ended := make(chan struct{})
		go func() { all.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			panic("waited in vain for the end of every tunnel")
		}
	}
}

// tunnel is a proxy's CONNECT that leads to addr, whatever host was asked for. All has its goroutines.
func tunnel(all *sync.WaitGroup, w http.ResponseWriter, r *http.Request, addr string) {
	if r.Method != http.MethodConnect {
		http.Error(w, "CONNECT alone", http.StatusMethodNotAllowed)
		return
	}
	there, err := net.Dial("tcp", addr)
	must(err)
	here, _, err := http.NewResponseController(w).Hijack()
	must(err)
	_, err = fmt.Fprint(here, "HTTP/1.1 200 Connected\r\n\r\n")
	must(err)
	all.Go(func() {
		_, _ = io.Copy(there, here)
		there.Close()
	})
	all.Go(func() {
		_, _ = io.Copy(here, there)
		here.Close()
	})
}

// authority signs a certificate for every host.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority() *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	cert, err := x509.ParseCertificate(raw)
	must(err)
	return &authority{cert, key}
}

func (a *authority) certify(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: hello.ServerName},
		DNSNames: []string{hello.ServerName}, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: a.key}, nil
}

// serviceAccount is a key file of Google's.
func serviceAccount() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "creds-project", "client_email": "test@test-project.iam.gserviceaccount.com",
		"client_id": "1", "private_key_id": "1", "token_uri": "https://oauth2.googleapis.com/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})),
	})
	must(err)
	return text
}
