package secretsmanager

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/awsclient"
	"github.com/secretchain/secrets/internal/paging"
)

// batch is how many names one BatchGetSecretValue call takes.
const batch = 20

func (b *Backend) fetchMany(ctx context.Context, names []string) (map[string]string, error) {
	client, err := b.client.Get(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]string, len(names))
	var failures []error
	for some := range slices.Chunk(names, batch) {
		pages := secretsmanager.NewBatchGetSecretValuePaginator(client, &secretsmanager.BatchGetSecretValueInput{SecretIdList: some})
		var tokens paging.Tokens
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return found, errors.Join(append(failures, batchFailure(err))...)
			}
			failures = append(failures, collect(page, some, found)...)
			if err := tokens.Turn(aws.ToString(page.NextToken)); err != nil {
				return found, errors.Join(append(failures, err)...)
			}
		}
	}
	return found, errors.Join(failures...)
}

// batchFailure is the failure of a whole call: no secret is absent for it, but AWS may say what is wrong with one of them.
func batchFailure(err error) error {
	if awsclient.Code(err) == "DecryptionFailure" {
		return failure(err)
	}
	return awsclient.Failure(err, "secretsmanager:BatchGetSecretValue on all secrets")
}

// collect puts what a page holds under the names that were asked for, and returns what failed about single secrets.
func collect(page *secretsmanager.BatchGetSecretValueOutput, asked []string, found map[string]string) (failures []error) {
	fail := func(name string, err error) {
		if !errors.Is(err, secrets.ErrNotFound) {
			failures = append(failures, &secrets.Error{Op: "get", StoreName: name, Err: err})
		}
	}
	for i := range page.SecretValues {
		s := &page.SecretValues[i]
		value, err := text(s.SecretString, s.SecretBinary)
		for _, name := range asked {
			switch {
			case !names(s, name):
			case err != nil:
				fail(name, err)
			default:
				found[name] = value
			}
		}
	}
	for _, e := range page.Errors {
		name := aws.ToString(e.SecretId)
		if !slices.Contains(asked, name) {
			name = "" // whatever it is, it is not a name of ours
		}
		fail(name, failure(&smithy.GenericAPIError{Code: aws.ToString(e.ErrorCode), Message: aws.ToString(e.Message)}))
	}
	return failures
}

// names reports whether s is the secret that was asked for as id: its name, its ARN, or its ARN without the last part.
func names(s *types.SecretValueEntry, id string) bool {
	arn := aws.ToString(s.ARN)
	return id == aws.ToString(s.Name) || id == arn || len(arn) == len(id)+len("-AbCdEf") && strings.HasPrefix(arn, id+"-")
}
