package gcpsm

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/impersonate"
	"cloud.google.com/go/auth/httptransport"
	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"google.golang.org/api/option"
)

// quiet keeps the debug log of Google's libraries off: it would hold payloads and tokens.
var quiet = slog.New(slog.DiscardHandler)

// open makes the session: it reads the credentials, finds the project and makes the client, which connects later.
func (o *Options) open(ctx context.Context) (session, error) {
	creds, err := o.source(ctx)
	if err != nil {
		return session{}, err
	}
	project, err := o.projectOf(ctx, creds)
	if err != nil {
		return session{}, err
	}
	if len(o.Impersonate) > 0 {
		if creds, err = o.impersonated(ctx, creds); err != nil {
			return session{}, err
		}
	}
	options := append([]option.ClientOption{option.WithAuthCredentials(guarded(creds)), option.WithLogger(quiet), answerLimit}, o.ClientOptions...)
	client, err := secretmanager.NewClient(context.WithoutCancel(ctx), options...)
	if err != nil {
		return session{}, unavailable("Google's client does not take these ClientOptions")
	}
	return session{client: client, project: project, close: func() { _ = client.Close() }}, nil
}

// source returns the credentials that the options name.
func (o *Options) source(ctx context.Context) (*auth.Credentials, error) {
	detect := &credentials.DetectOptions{
		Scopes:           o.scopes(),
		UseSelfSignedJWT: true, // a service account's key signs its own tokens and calls nobody
		Client:           o.HTTPClient,
		Logger:           quiet,
	}
	if len(o.Impersonate) > 0 {
		detect.Scopes = []string{defaultScope} // the scopes asked for are those of the last account
	}
	switch {
	case o.Credentials != nil:
		return o.Credentials, nil
	case o.KeyFile != "":
		text, err := readFile("gcp_key_path", o.KeyFile)
		if err != nil {
			return nil, err
		}
		return fromKey("gcp_key_path", text, detect)
	case !o.Key.IsZero():
		return fromKey("gcp_keyfile_dict", []byte(o.Key.Reveal()), detect)
	case o.CredentialsFile != "":
		text, err := readFile("gcp_credential_config_file", o.CredentialsFile)
		if err != nil {
			return nil, err
		}
		return fromConfig(text, detect)
	case !o.CredentialsConfig.IsZero():
		return fromConfig([]byte(o.CredentialsConfig.Reveal()), detect)
	}
	return fromEnvironment(ctx, detect)
}

// impersonated returns the credentials of the last account of the chain.
func (o *Options) impersonated(ctx context.Context, source *auth.Credentials) (*auth.Credentials, error) {
	last := len(o.Impersonate) - 1
	opts := &impersonate.CredentialsOptions{
		TargetPrincipal: o.Impersonate[last],
		Delegates:       o.Impersonate[:last],
		Scopes:          o.scopes(),
		Credentials:     source,
		Logger:          quiet,
	}
	if o.HTTPClient != nil {
		universe, err := source.UniverseDomain(ctx)
		if err != nil {
			return nil, tokenFailure(err)
		}
		opts.Client, err = httptransport.NewClient(&httptransport.Options{
			Credentials: source, BaseRoundTripper: o.HTTPClient.Transport, UniverseDomain: universe, Logger: quiet})
		if err != nil {
			return nil, denied("the credentials cannot be used to impersonate")
		}
	}
	creds, err := impersonate.NewCredentials(opts)
	if err != nil {
		return nil, denied("the credentials cannot be used to impersonate")
	}
	return creds, nil
}

// fromEnvironment finds Application Default Credentials. The search may ask for a metadata server without regard to
// ctx; it is left to end by itself, within seconds.
func fromEnvironment(ctx context.Context, detect *credentials.DetectOptions) (*auth.Credentials, error) {
	type result struct {
		creds *auth.Credentials
		err   error
	}
	found := make(chan result, 1)
	go func() {
		creds, err := credentials.DetectDefault(detect)
		found <- result{creds, err}
	}()
	var r result
	select {
	case r = <-found:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r.err == nil {
		return r.creds, nil
	}
	if e, ok := errors.AsType[*fs.PathError](r.err); ok {
		return nil, denied("the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read: %v", e.Err)
	}
	if os.Getenv("GOOGLE_APPLICATION_CREDENTIALS") != "" {
		return nil, denied("the file that GOOGLE_APPLICATION_CREDENTIALS names holds no usable credentials")
	}
	return nil, denied("no Application Default Credentials: set GOOGLE_APPLICATION_CREDENTIALS, give gcp_key_path, " +
		"run gcloud auth application-default login, or run where a service account is attached")
}

func fromKey(argument string, text []byte, detect *credentials.DetectOptions) (*auth.Credentials, error) {
	if err := checkKey(text); err != nil {
		return nil, denied("%s %v", argument, err)
	}
	creds, err := credentials.NewCredentialsFromJSON(credentials.ServiceAccount, withLineEnds(text), detect)
	if err != nil {
		return nil, denied("%s has a private_key that cannot be used", argument)
	}
	return creds, nil
}

func fromConfig(text []byte, detect *credentials.DetectOptions) (*auth.Credentials, error) {
	kind, err := credentialType(text)
	if err != nil {
		return nil, denied("gcp_credential_config_file %v", err)
	}
	creds, err := credentials.NewCredentialsFromJSON(kind, text, detect)
	if err != nil {
		return nil, denied("gcp_credential_config_file is no usable configuration of its type")
	}
	return creds, nil
}

func readFile(argument, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		reason := errors.New("it cannot be read")
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			reason = e.Err
		}
		return nil, denied("%s: file %q: %v", argument, path, reason)
	}
	return text, nil
}

// checkKey reports what is missing from a service account's key, and shows none of it.
func checkKey(text []byte) error {
	var key struct {
		Type  string `json:"type"`
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
	}
	switch {
	case json.Unmarshal(text, &key) != nil:
		return errors.New("is no JSON key of a service account (P12 keys are not taken)")
	case key.Type != string(credentials.ServiceAccount):
		return errors.New("is not of type service_account; other types go to gcp_credential_config_file")
	case key.Email == "" || key.Key == "":
		return errors.New("lacks client_email or private_key")
	}
	return nil
}

// withLineEnds writes line ends for \n that were escaped twice on their way into private_key, as Airflow does.
func withLineEnds(text []byte) []byte {
	var key map[string]any
	if json.Unmarshal(text, &key) != nil {
		return text
	}
	pem, _ := key["private_key"].(string)
	if !strings.Contains(pem, `\n`) {
		return text
	}
	key["private_key"] = strings.ReplaceAll(pem, `\n`, "\n")
	mended, err := json.Marshal(key)
	if err != nil {
		return text
	}
	return mended
}

// credentialType returns the type that a credential configuration says it has.
func credentialType(text []byte) (credentials.CredType, error) {
	var config struct {
		Type credentials.CredType `json:"type"`
	}
	if json.Unmarshal(text, &config) != nil {
		return "", errors.New("is no JSON object")
	}
	switch config.Type {
	case credentials.ExternalAccount, credentials.ExternalAccountAuthorizedUser, credentials.ImpersonatedServiceAccount,
		credentials.ServiceAccount, credentials.AuthorizedUser, credentials.GDCHServiceAccount:
		return config.Type, nil
	}
	return "", errors.New("has no type that is known, such as external_account")
}
