package localfs

import (
	"context"
	"log/slog"

	"github.com/secretchain/secrets/backend"
)

func init() {
	backend.RegisterLogged(backend.Driver{Name: "localfs", ClassPaths: backend.ClassPaths("localfs")}, backend.LoggedOpener(open))
}

// kwargs are the arguments of Airflow's backend. Null and blank are none.
type kwargs struct {
	Variables   string `json:"variables_file_path"`
	Connections string `json:"connections_file_path"`
	Configs     string `json:"configs_file_path"`
}

func open(_ context.Context, k *kwargs, logger *slog.Logger) (*Backend, error) {
	return New(&Options{VariablesFile: k.Variables, ConnectionsFile: k.Connections, ConfigFile: k.Configs, Logger: logger})
}
