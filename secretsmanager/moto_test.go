package secretsmanager_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/secretsmanager"
)

func TestMotoConformance(t *testing.T) {
	awstest.Moto(t) // skips here rather than in every rule
	h := harness(nil)
	h.Make = func(t *testing.T, content backendtest.Content) secrets.Backend {
		cfg, arguments := awstest.Moto(t)
		fill(t, sdk.NewFromConfig(cfg), content)
		b, err := open(arguments)
		require.NoError(t, err)
		return b
	}
	backendtest.Run(t, h)
}

func TestMotoARNsBinariesDeletionsAndPages(t *testing.T) {
	cfg, arguments := awstest.Moto(t)
	client := sdk.NewFromConfig(cfg)
	open := func(opts secretsmanager.Options) *secretsmanager.Backend {
		opts.AWS = arguments
		b, err := secretsmanager.Open(t.Context(), &opts)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, b.Close()) })
		return b
	}
	b := open(secretsmanager.Options{})
	create := func(name, text string) string {
		_, err := client.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: &name, SecretString: &text})
		requireCreated(t, err)
		out, err := client.DescribeSecret(t.Context(), &sdk.DescribeSecretInput{SecretId: &name})
		require.NoError(t, err)
		return *out.ARN
	}
	_, err := client.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: aws.String("airflow/variables/bytes"), SecretBinary: []byte("höst")})
	requireCreated(t, err)
	got, err := b.GetVariable(t.Context(), "bytes")
	require.NoError(t, err)
	assert.True(t, got == "höst")

	arn := create("db", "mysql://own")
	conns, err := open(secretsmanager.Options{Connections: backend.At("")}).GetConnections(t.Context(), arn)
	require.NoError(t, err)
	assert.Equal(t, "own", conns[0].Host)

	create("airflow/variables/gone", "x")
	_, err = client.DeleteSecret(t.Context(), &sdk.DeleteSecretInput{SecretId: aws.String("airflow/variables/gone")})
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "gone")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	found, err := b.GetVariables(t.Context(), []string{"gone", "bytes"})
	require.NoError(t, err)
	assert.Len(t, found, 1)

	for i := range 120 {
		create("airflow/connections/c"+strconv.Itoa(i), "mysql://h")
	}
	ids, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	assert.Len(t, ids, 120)
	require.NoError(t, b.Check(t.Context()))
}
