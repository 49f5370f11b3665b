package awsclient

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/secretchain/secrets/backend"
)

// maxAnswer bounds one answer: twenty of the longest secrets with every character escaped are less. A server gone mad
// must not fill the memory of its callers.
const maxAnswer = 4 * backend.MaxText

var errAnswerTooLong = fmt.Errorf("an answer of more than %d bytes", maxAnswer)

// transport returns what the SDK's default client becomes by the arguments. The SDK adds AWS_CA_BUNDLE to it, and logs in
// with it where the environment or a profile say how.
func (o *Options) transport() (*awshttp.BuildableClient, error) {
	var certificates []tls.Certificate
	if c := o.Client; c.ClientCert != "" {
		key := c.ClientKey
		if key == "" {
			key = c.ClientCert
		}
		certificate, err := tls.LoadX509KeyPair(c.ClientCert, key)
		if err != nil {
			return nil, errors.New("the client certificate of config_kwargs cannot be read")
		}
		certificates = append(certificates, certificate)
	}
	client := awshttp.NewBuildableClient().WithTimeout(o.attemptTimeout()).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = o.connectTimeout() })
	return client.WithTransportOptions(func(t *http.Transport) {
		t.MaxConnsPerHost = o.Client.MaxConnections
		t.MaxIdleConnsPerHost = max(t.MaxIdleConnsPerHost, o.Client.MaxConnections)
		t.TLSHandshakeTimeout = o.connectTimeout()
		t.TLSClientConfig.Certificates = certificates
		t.TLSClientConfig.InsecureSkipVerify = o.Verify.Off
		if o.Client.Proxies != nil {
			t.Proxy = o.proxy
		}
	}), nil
}

// proxy is that of the arguments, as in botocore not for where the credentials of a machine or a container come from: no
// proxy could ask for those of another.
func (o *Options) proxy(r *http.Request) (*url.URL, error) {
	proxy, ok := o.Client.Proxies[r.URL.Scheme]
	if !ok || isMetadata(r.URL.Hostname()) {
		return nil, nil
	}
	return proxyURL(proxy)
}

// metadataNetwork is where AWS's metadata services are under IPv6; under IPv4 they are link-local.
var metadataNetwork = netip.MustParsePrefix("fd00:ec2::/32")

func isMetadata(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLinkLocalUnicast() || metadataNetwork.Contains(ip))
}

func (o *Options) connectTimeout() time.Duration {
	if t := o.Client.ConnectTimeout; t != 0 {
		return t
	}
	return defaultConnectTimeout
}

func (o *Options) attemptTimeout() time.Duration {
	if t := o.Client.ReadTimeout; t != 0 {
		return o.connectTimeout() + t
	}
	return o.connectTimeout() + defaultReadTimeout
}

// httpClient is an aws.HTTPClient whose answers are bounded in length and time. It follows no redirect: AWS sends none,
// and the credentials are for nobody else.
type httpClient struct{ http.Client }

// newHTTPClient makes the client of the transport that the SDK has finished.
func newHTTPClient(finished *awshttp.BuildableClient) *httpClient {
	return &httpClient{http.Client{
		Transport:     finished.GetTransport(),
		Timeout:       finished.GetTimeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Whole makes the body of an SDK's request go out in one piece with the headers. As the SDK hands it over, net/http would
// flush the headers first, and a server that answers before the body's end is noticed would find its connection closed,
// since the SDK closes the body as soon as an answer begins: once in some thousand calls to a server that is near, the
// answer is lost and the SDK calls again. It changes r: each attempt has a request of its own.
func Whole(r *http.Request) error {
	if r.Body == nil || r.ContentLength <= 0 {
		return nil
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

// Do sends the request.
func (c *httpClient) Do(r *http.Request) (*http.Response, error) {
	if err := Whole(r); err != nil {
		return nil, err
	}
	resp, err := c.Client.Do(r)
	if err == nil {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
	}
	return resp, err
}

// boundedBody fails once more than left bytes were read.
type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errAnswerTooLong
	}
	return n, err
}
