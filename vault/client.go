package vault

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/secretchain/secrets"
)

// clients are the two clients that share connections and settings: one sends the session's token, the other none.
type clients struct {
	http          *http.Client
	reads, logins *api.Client
	where         string // names the server in errors
}

// newClients makes the vendor's clients: the environment's settings, overruled by the options.
func newClients(o *Options) (*clients, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, refuseConfig("the environment", config.Error)
	}
	switch {
	case o.Address != "":
		config.Address, config.AgentAddress = o.Address, ""
	case os.Getenv(api.EnvVaultAddress) == "":
		config.Address = defaultAddress
	}
	transport := config.HttpClient.Transport.(*http.Transport) // DefaultConfig's own
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns     // all go to one server; the vendor keeps very few
	if o.TLS != nil {
		t := *o.TLS
		if info, err := os.Stat(t.CACert); err == nil && info.IsDir() {
			t.CACert, t.CAPath = "", t.CACert
		}
		if err := config.ConfigureTLS(&t); err != nil {
			return nil, refuseConfig("the TLS options", err)
		}
		transport.TLSClientConfig.InsecureSkipVerify = t.Insecure // whatever VAULT_SKIP_VERIFY says
	}
	switch {
	case o.Timeout > 0:
		config.Timeout = o.Timeout
	case os.Getenv(api.EnvVaultClientTimeout) == "":
		config.Timeout = defaultTimeout
	}
	switch {
	case o.Retries != 0:
		config.MaxRetries = max(o.Retries, 0)
	case os.Getenv(api.EnvVaultMaxRetries) == "":
		config.MaxRetries = defaultRetries
	}
	// Airflow's client waits 0.1 s and a little more each time; the vendor's would wait seconds.
	config.MinRetryWait, config.MaxRetryWait = 100*time.Millisecond, 200*time.Millisecond
	config.DisableRedirects = config.DisableRedirects || o.NoRedirects
	reads, err := api.NewClient(config)
	if err != nil {
		return nil, refuseConfig("the options or the environment", err)
	}
	if o.Namespace != "" {
		reads.SetNamespace(o.Namespace)
	}
	logins, err := reads.CloneWithHeaders()
	if err != nil {
		return nil, refuseConfig("the options or the environment", err)
	}
	if proxy := o.Proxies[strings.ToLower(scheme(reads))]; !proxy.IsZero() {
		u, err := url.Parse(proxy.Reveal())
		if err != nil {
			return nil, refuseConfig("the proxy", err)
		}
		transport.Proxy = http.ProxyURL(u)
	}
	reads.ClearToken() // NewClient takes VAULT_TOKEN
	logins.ClearToken()
	config.HttpClient.Transport = bounded{transport}
	return &clients{http: config.HttpClient, reads: reads, logins: logins, where: whereIs(reads)}, nil
}

func scheme(c *api.Client) string {
	s, _, _ := strings.Cut(c.Address(), ":")
	return s
}

// whereIs names the server without what else an address may hold.
func whereIs(c *api.Client) string {
	u, err := url.Parse(c.Address())
	if err != nil {
		return "Vault"
	}
	return "Vault at " + u.Scheme + "://" + u.Host
}

// refuseConfig does not pass on the words of what could not be read: they may quote it.
func refuseConfig(what string, err error) error {
	why := "cannot be used"
	if _, ok := errors.AsType[*os.PathError](err); ok {
		why = "name a file that cannot be read"
	}
	return fmt.Errorf("%w: %s for the Vault client %s: check the certificates, the address and the VAULT_ variables", secrets.ErrUnavailable, what, why)
}

// bounded ends answers that are longer than any that Vault gives: the vendor's client reads errors and logins whole.
type bounded struct{ next *http.Transport }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if resp != nil {
		resp.Body = &boundedBody{resp.Body, maxList + 1}
	}
	return resp, err
}

// CloseIdleConnections is looked for by http.Client.
func (b bounded) CloseIdleConnections() { b.next.CloseIdleConnections() }

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLong
	}
	return n, err
}
