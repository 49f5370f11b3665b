package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/api"
)

// setUp mounts what the package comment promises, and waits until the mounts answer.
func setUp(ctx context.Context, url, token string) error {
	config := api.DefaultConfig()
	if config.Error != nil {
		return config.Error
	}
	config.Address = url
	client, err := api.NewClient(config)
	if err != nil {
		return err
	}
	client.SetToken(token)
	for path, version := range map[string]string{"secret": "2", "kv1": "1"} {
		err := client.Sys().MountWithContext(ctx, path, &api.MountInput{Type: "kv", Options: map[string]string{"version": version}})
		if err != nil {
			return err
		}
	}
	for _, login := range []string{"approle", "cert", "jwt", "userpass"} {
		if err := client.Sys().EnableAuthWithOptionsWithContext(ctx, login, &api.EnableAuthOptions{Type: login}); err != nil {
			return err
		}
	}
	return ready(ctx, client)
}

// ready waits for the KV version 2 engine, which refuses requests for a moment after it was mounted.
func ready(ctx context.Context, client *api.Client) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		_, err := client.Logical().WriteWithContext(ctx, "secret/data/ready", map[string]any{"data": map[string]any{"value": "yes"}})
		if err == nil {
			_, err = client.Logical().DeleteWithContext(ctx, "secret/metadata/ready")
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return fmt.Errorf("the engine at secret/ does not get ready")
}
