package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/cert"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// server is an initialised, unsealed core.
type server struct {
	core      *vault.Core
	rootToken string
	unsealKey []byte
}

func start() (*server, error) {
	logger := hclog.New(&hclog.LoggerOptions{Name: "vault", Level: hclog.Warn, Output: os.Stderr})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		Logger:             logger,
		DisableMlock:       true,
		DisableCache:       true,
		NumRollbackWorkers: 1,
		BuiltinRegistry:    noPlugins{},
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory},
		CredentialBackends: map[string]logical.Factory{
			"approle":  approle.Factory,
			"cert":     cert.Factory,
			"jwt":      jwt.Factory,
			"userpass": userpass.Factory,
		},
	})
	if err != nil {
		return nil, err
	}
	// One share of one key: the tests seal and unseal, they do not test the splitting of keys.
	shares := &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}
	first, err := core.Initialize(context.Background(), &vault.InitParams{BarrierConfig: shares, RecoveryConfig: shares})
	if err != nil {
		return nil, err
	}
	// Unsealing wipes the key that it is given.
	if open, err := core.Unseal(append([]byte(nil), first.SecretShares[0]...)); err != nil || !open {
		return nil, fmt.Errorf("unsealed %t: %w", open, err)
	}
	return &server{core: core, rootToken: first.RootToken, unsealKey: first.SecretShares[0]}, nil
}

func (s *server) handler() http.Handler {
	return vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: s.core, ListenerConfig: &configutil.Listener{}})
}

// noPlugins is a catalogue without entries: what there is, is compiled in.
type noPlugins struct{}

func (noPlugins) Contains(string, consts.PluginType) bool { return false }

func (noPlugins) Get(string, consts.PluginType) (func() (any, error), bool) { return nil, false }

func (noPlugins) Keys(consts.PluginType) []string { return nil }

func (noPlugins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, false
}

func (noPlugins) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
