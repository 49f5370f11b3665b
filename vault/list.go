package vault

import (
	"context"
	"errors"
	"strings"

	"github.com/secretchain/secrets"
)

// maxList bounds the answer to one listing of a folder, in bytes: about half a million names.
const maxList = 32 << 20

// list walks the folder head and its sub-folders, one request for each. Names of secrets whose latest version is deleted
// are listed too: Vault does not tell them apart.
func (b *Backend) list(ctx context.Context, head string, yield func(name string) bool) error {
	mount, base := b.opts.split(head)
	if b.opts.kvVersion() == 2 {
		base = mount + "/metadata/" + base
	} else {
		base = head
	}
	folders := []string{""}
	for len(folders) > 0 {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		answer, err := b.read(ctx, base+folder, map[string][]string{"list": {"true"}}, maxList)
		if errors.Is(err, secrets.ErrNotFound) {
			continue // an empty folder is an absent one
		}
		if err != nil {
			return err
		}
		found, err := data[struct {
			Keys []string `json:"keys"`
		}](answer)
		if err != nil {
			return err
		}
		for _, key := range found.Keys {
			switch {
			case strings.HasSuffix(key, "/"):
				folders = append(folders, folder+key)
			case !yield(head + folder + key):
				return nil
			}
		}
	}
	return nil
}
