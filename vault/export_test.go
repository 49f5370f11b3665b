package vault

import "context"

// Renew renews the token of a Backend that Open made and that is logged in, as a lookup does when it is due; it returns
// the seconds that the token now has.
func Renew(ctx context.Context, b *Backend) (int, error) {
	l, _ := b.reader.(*authorized).made.Made()
	auth, err := l.renew(ctx)
	if err != nil {
		return 0, err
	}
	return auth.LeaseDuration, nil
}
