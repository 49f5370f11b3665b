package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/sqlalchemy"
)

// uriParameters are those of SQLite, which SQLAlchemy passes on when the option uri is true.
var uriParameters = []string{"mode", "cache", "immutable", "nolock", "psow", "vfs"}

// openURL is Open for sqlite:///relative/path, sqlite:////absolute/path and sqlite:// (in memory). Of pysqlite's
// options timeout is the wait for another writer, in seconds; uri makes the path a file: URI; check_same_thread holds
// whatever it says, since any goroutine may use a store. Others are refused.
func openURL(ctx context.Context, u sqlalchemy.URL, opts *metastore.Options) (*metastore.Store, error) {
	if u.Driver != "" && u.Driver != "pysqlite" && u.Driver != "aiosqlite" {
		return nil, fmt.Errorf("sqlite: the driver %q of the URL is not known: pysqlite and aiosqlite are", u.Driver)
	}
	if u.Host != "" || u.User != "" || u.Port != 0 || !u.Password.IsZero() {
		return nil, errors.New("sqlite: the URL names a host: a file's has three slashes before a relative path, four before an absolute one")
	}
	name, query := u.Database, url.Values{}
	isURI := slices.ContainsFunc(u.Options, func(o sqlalchemy.Option) bool {
		yes, err := strconv.ParseBool(o.Value.Reveal())
		return o.Name == "uri" && err == nil && yes
	})
	for _, o := range u.Options {
		value := o.Value.Reveal()
		switch {
		case o.Name == "uri", o.Name == "check_same_thread":
		case o.Name == "timeout":
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil || seconds < 0 || seconds > 1e6 {
				return nil, errors.New("sqlite: the option timeout of the URL is not a number of seconds")
			}
			query.Set("_busy_timeout", strconv.Itoa(int(seconds*1000)))
		case isURI && slices.Contains(uriParameters, o.Name):
			query.Set(o.Name, value)
		default:
			return nil, fmt.Errorf("sqlite: the option %q of the URL is not supported: timeout, check_same_thread and uri are, with uri=true also %s",
				o.Name, strings.Join(uriParameters, ", "))
		}
	}
	switch {
	case name == "":
		name = ":memory:"
	case isURI && !strings.HasPrefix(name, "file:"):
		return nil, errors.New("sqlite: with the option uri the path of the URL begins with file:")
	case !isURI && strings.HasPrefix(name, "file:"):
		name = "./" + name
	}
	return Open(ctx, name+"?"+query.Encode(), opts)
}
