// Package awsiam logs in to Vault with an AWS identity: the auth_type aws_iam of [vault]. Importing it registers the
// login for the vault driver:
//
//	import _ "github.com/secretchain/secrets/vault/awsiam"
//
// The login is a GetCallerIdentity request to AWS's STS that is signed here and sent by Vault, which learns from the
// answer who asks. The keys themselves do not leave the process.
package awsiam

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/hashicorp/vault/api"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/netfail"
	"github.com/secretchain/secrets/vault"
)

func init() { vault.RegisterLogin("aws_iam", fromArguments) }

// Login is an [api.AuthMethod] for [vault.Options].
type Login struct {
	// Mount is where the auth method is mounted. "": aws.
	Mount string
	// Role is the role in Vault. "": the one that is named like the IAM role.
	Role string
	// Credentials sign. Nil: what every AWS program uses: AWS_* variables, shared files, the container, the instance.
	Credentials aws.CredentialsProvider
	// Region is that of the STS endpoint that Vault is configured with. "": AWS_REGION or the profile's, else the
	// global endpoint.
	Region string
	// ServerID is what Vault's iam_server_id_header_value is set to, against replay at another server. "": not sent.
	ServerID string
}

// globalRegion is that of the endpoint without a region in its name.
const globalRegion = "us-east-1"

const identityRequest = "Action=GetCallerIdentity&Version=2011-06-15"

// Login writes to auth/aws/login.
func (l Login) Login(ctx context.Context, c *api.Client) (*api.Secret, error) {
	r, err := l.signed(ctx)
	if err != nil {
		return nil, err
	}
	headers, err := json.Marshal(r.Header)
	if err != nil {
		return nil, errors.New("a header cannot be written")
	}
	mount := l.Mount
	if mount == "" {
		mount = "aws"
	}
	encoded := base64.StdEncoding.EncodeToString
	fields := map[string]any{
		"iam_http_request_method": r.Method,
		"iam_request_url":         encoded([]byte(r.URL.String())),
		"iam_request_body":        encoded([]byte(identityRequest)),
		"iam_request_headers":     encoded(headers),
	}
	if l.Role != "" {
		fields["role"] = l.Role
	}
	return vault.WriteLogin(ctx, c, mount, "", fields)
}

// signed is the request for Vault to send.
func (l Login) signed(ctx context.Context) (*http.Request, error) {
	credentials, region := l.Credentials, l.Region
	if region == "" {
		var err error
		if region, err = defaultRegion(ctx); err != nil {
			return nil, err
		}
	}
	if credentials == nil {
		credentials = newProvider(awsclient.Options{Region: region})
	}
	keys, err := credentials.Retrieve(ctx)
	if err != nil {
		return nil, credentialFailure(err)
	}
	host := "sts." + region + ".amazonaws.com"
	switch {
	case region == "":
		host, region = "sts.amazonaws.com", globalRegion
	case strings.HasPrefix(region, "cn-"):
		host += ".cn"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+host+"/", bytes.NewReader([]byte(identityRequest)))
	if err != nil {
		return nil, fmt.Errorf("%w: the AWS region cannot be part of a host name", secrets.ErrDenied)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if l.ServerID != "" {
		r.Header.Set("X-Vault-AWS-IAM-Server-ID", l.ServerID)
	}
	sum := sha256.Sum256([]byte(identityRequest))
	if err := v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), "sts", region, time.Now()); err != nil {
		return nil, fmt.Errorf("%w: the AWS credentials cannot sign", secrets.ErrDenied)
	}
	r.Header.Set("Content-Length", strconv.Itoa(len(identityRequest))) // signed too
	return r, nil
}

// credentialFailure does not pass on the words of a provider of the caller's: they may quote what files and servers said.
func credentialFailure(err error) error {
	if class := secrets.ClassOf(err); errors.Is(err, class) { // ours already
		return err
	}
	if why := netfail.Why(err); why != "" {
		return fmt.Errorf("%w: AWS credentials for the login to Vault: the server that gives them could not be asked: %s", secrets.ErrUnavailable, why)
	}
	return fmt.Errorf("%w: no AWS credentials for the login to Vault: give key_id and secret_id or assume_role_kwargs, or run where AWS gives credentials", secrets.ErrDenied)
}

// fromArguments makes a login of Airflow's arguments: key_id and secret_id, or else a role to assume, or else what
// every AWS program uses.
func fromArguments(a *vault.LoginArguments) (api.AuthMethod, error) {
	l := Login{Mount: a.AuthMount, Role: a.RoleID, Region: a.Region}
	o := awsclient.Options{Region: a.Region, AccessKeyID: a.KeyID, SecretAccessKey: a.SecretID}
	if (a.KeyID == "") != a.SecretID.IsZero() {
		return nil, errors.New("arguments key_id and secret_id must be given both or not at all")
	}
	if a.KeyID == "" {
		role, rest, err := assumedRole(json.RawMessage(a.AssumeRole.Reveal()))
		if err != nil {
			return nil, err
		}
		o.RoleARN, o.AssumeRole = role, rest
	}
	if err := awsclient.Validate(o, "sts", ""); err != nil {
		return nil, err
	}
	l.Credentials = newProvider(o)
	return l, nil
}

// assumedRole splits the arguments of AssumeRole into the role and the rest.
func assumedRole(kwargs json.RawMessage) (arn string, rest awsclient.AssumeRole, err error) {
	if len(kwargs) == 0 || string(kwargs) == "null" {
		return "", rest, nil
	}
	bad := errors.New(`argument "assume_role_kwargs" must be an object with RoleArn and further parameters of AssumeRole`)
	var text string
	if json.Unmarshal(kwargs, &text) == nil { // an environment variable
		kwargs = json.RawMessage(text)
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(kwargs, &all) != nil || json.Unmarshal(all["RoleArn"], &arn) != nil || arn == "" {
		return "", rest, bad
	}
	delete(all, "RoleArn")
	others, err := json.Marshal(all)
	if err != nil {
		return "", rest, bad
	}
	if err := rest.UnmarshalJSON(others); err != nil {
		return "", rest, fmt.Errorf("argument %q: %w", "assume_role_kwargs", err)
	}
	return arn, rest, nil
}
