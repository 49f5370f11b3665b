package ssm_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/awswire/awstest"
	"github.com/secretchain/secrets/ssm"
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

func TestMotoTypesVersionsAndPages(t *testing.T) {
	cfg, arguments := awstest.Moto(t)
	client := sdk.NewFromConfig(cfg)
	b, err := ssm.Open(t.Context(), &ssm.Options{AWS: arguments})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	put := func(name, kind, value string) {
		_, err := client.PutParameter(t.Context(), &sdk.PutParameterInput{Name: &name, Type: types.ParameterType(kind), Value: &value, Overwrite: aws.Bool(true)})
		require.NoError(t, err)
	}
	put("/airflow/variables/list", "StringList", "a,b")
	put("/airflow/variables/twice", "SecureString", "first")
	put("/airflow/variables/twice", "SecureString", "second")
	for key, want := range map[string]string{"list": "a,b", "twice": "second"} {
		got, err := b.GetVariable(t.Context(), key)
		require.NoError(t, err)
		assert.Truef(t, got == want, "%s", key)
	}
	_, err = b.GetVariable(t.Context(), "twice:1")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	for i := range 60 {
		put("/airflow/connections/c"+strconv.Itoa(i), "String", "mysql://h")
	}
	ids, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	assert.Len(t, ids, 60)
	require.NoError(t, b.Check(t.Context()))
}
