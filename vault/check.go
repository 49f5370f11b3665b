package vault

import (
	"context"
	"fmt"

	"github.com/secretchain/secrets"
)

// check asks about the mount, which is answered to every token that may do anything there; without a mount, about the
// token itself.
func (b *Backend) check(ctx context.Context) error {
	err := b.usable(ctx)
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	if err != nil {
		return &secrets.Error{Op: "check", StoreName: b.checked(), Err: err}
	}
	return nil
}

func (b *Backend) checked() string {
	if b.opts.MountFromID {
		return "auth/token/lookup-self"
	}
	return "sys/internal/ui/mounts/" + b.opts.mount()
}

func (b *Backend) usable(ctx context.Context) error {
	answer, err := b.read(ctx, b.checked(), nil, maxList)
	if secrets.ClassOf(err) == secrets.ErrNotFound {
		return fmt.Errorf("%w: %s does not know this path: is it a Vault or OpenBao server?", secrets.ErrUnavailable, b.where())
	}
	if err != nil || b.opts.MountFromID {
		return err
	}
	m, err := data[kv](answer)
	if err != nil {
		return err
	}
	switch is, want := m.version(), b.opts.kvVersion(); {
	case is == 0:
		return fmt.Errorf("%w: the engine mounted there is not one for keys and values", secrets.ErrUnavailable)
	case is != want:
		return fmt.Errorf("%w: the engine mounted there has version %d, and kv_engine_version is %d: every name would seem absent",
			secrets.ErrUnavailable, is, want)
	}
	return nil
}

// kv is what sys/internal/ui/mounts tells about a mount.
type kv struct {
	Type    string `json:"type"`
	Options struct {
		Version string `json:"version"`
	} `json:"options"`
}

// version of the engine; 0: it is none for keys and values.
func (m *kv) version() int {
	switch {
	case m.Type != "kv" && m.Type != "generic":
		return 0
	case m.Options.Version == "2":
		return 2
	}
	return 1
}
