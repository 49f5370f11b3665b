package gcpsm

import (
	"context"
	"os"
	"strings"

	"cloud.google.com/go/auth"
)

// projectOf finds the project, in Airflow's order.
func (o *Options) projectOf(ctx context.Context, source *auth.Credentials) (string, error) {
	if o.Project != "" {
		return o.Project, nil
	}
	found, err := o.credentialsProject(ctx, source)
	switch {
	case err != nil:
		return "", err
	case found == "":
		return "", denied("the credentials name no project: set project_id")
	case !projectID.MatchString(found):
		return "", denied("the credentials name a project that is none: set project_id")
	}
	return found, nil
}

func (o *Options) credentialsProject(ctx context.Context, source *auth.Credentials) (string, error) {
	if len(o.Impersonate) > 0 {
		return accountProject(o.Impersonate[len(o.Impersonate)-1]), nil
	}
	if o.isDefault() {
		for _, name := range []string{"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"} {
			if p := os.Getenv(name); p != "" {
				return p, nil
			}
		}
	}
	p, err := source.ProjectID(ctx)
	switch {
	case err == nil:
		return p, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	return "", unavailable("the metadata server does not tell the project: set project_id")
}

// isDefault reports whether Application Default Credentials are used.
func (o *Options) isDefault() bool {
	return o.Credentials == nil && o.KeyFile == "" && o.Key.IsZero() && o.CredentialsFile == "" && o.CredentialsConfig.IsZero()
}

// accountProject is the project of name@project.iam.gserviceaccount.com, "" for an account of another form.
func accountProject(account string) string {
	_, host, _ := strings.Cut(account, "@")
	p, ok := strings.CutSuffix(host, ".iam.gserviceaccount.com")
	if !ok {
		return ""
	}
	return p
}
