package ssm

import "github.com/secretchain/secrets/backend"

func init() {
	backend.Register(backend.Driver{Name: "ssm", ClassPaths: backend.ClassPaths("ssm"), Open: backend.Opener(Open)})
}
