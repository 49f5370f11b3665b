package secrets_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/secretchain/secrets"

// sdks are the families of modules that only the store they belong to may link.
var sdks = map[string][]string{
	"aws":        {"github.com/aws/"},
	"vault":      {"github.com/hashicorp/"},
	"google":     {"cloud.google.com/", "google.golang.org/", "golang.org/x/oauth2"},
	"azure":      {"github.com/Azure/", "github.com/AzureAD/"},
	"sqlite":     {"modernc.org/"},
	"postgres":   {"github.com/jackc/"},
	"mysql":      {"github.com/go-sql-driver/"},
	"yaml":       {"go.yaml.in/"},
	"dotenv":     {"github.com/joho/godotenv"},
	"resilience": {"github.com/failsafe-go/", "github.com/bits-and-blooms/"},
	"testing":    {"github.com/stretchr/", "go.uber.org/goleak", "pgregory.net/"},
}

// room is what one folder may know: the rooms of this module it may import, besides the root and internal/, which every
// room may, and the SDK families it may link, through others too.
type room struct {
	imports []string
	links   []string
}

// rootMay are the rooms that the root may import: machinery of the standard library alone.
var rootMay = []string{"internal/cache", "internal/jsontext"}

// rooms is the plan of the house: every package has a room, and no arrow is missing from it.
// A package is in the room with the longest path that begins its own.
var rooms = map[string]room{
	"":                  {},
	"internal":          {},
	"internal/cache":    {},
	"internal/jsontext": {},
	"internal/dotenv":   {links: []string{"dotenv"}},

	"backend":             {},
	"backend/backendtest": {links: []string{"testing", "yaml"}},
	"backend/resilience":  {imports: []string{"backend"}, links: []string{"resilience"}},
	"backend/all":         {imports: []string{"*"}, links: []string{"*"}},

	"envbackend":         {imports: []string{"backend"}, links: []string{"dotenv"}},
	"localfs":            {imports: []string{"backend"}, links: []string{"yaml", "dotenv"}},
	"ssm":                {imports: []string{"backend"}, links: []string{"aws"}},
	"secretsmanager":     {imports: []string{"backend"}, links: []string{"aws"}},
	"internal/awsclient": {imports: []string{"backend"}, links: []string{"aws"}},
	"vault":              {imports: []string{"backend"}, links: []string{"vault"}},
	"vault/awsiam":       {imports: []string{"vault"}, links: []string{"vault", "aws"}},
	"vault/gcp":          {imports: []string{"vault"}, links: []string{"vault", "google"}},
	"vault/azure":        {imports: []string{"vault"}, links: []string{"vault", "azure"}},
	"gcpsm":              {imports: []string{"backend"}, links: []string{"google"}},
	"azurekv":            {imports: []string{"backend"}, links: []string{"azure"}},
	"metastore":          {imports: []string{"backend"}},
	"metastore/sqlite":   {imports: []string{"backend", "metastore"}, links: []string{"sqlite"}},
	"metastore/postgres": {imports: []string{"backend", "metastore"}, links: []string{"postgres"}},
	"metastore/mysql":    {imports: []string{"backend", "metastore"}, links: []string{"mysql"}},
	"airflowcfg":         {imports: []string{"backend"}},
	"redact":             {},
	"examples":           {imports: []string{"*"}, links: []string{"*"}},
}

type listed struct {
	ImportPath, Name, Dir  string
	Standard               bool
	Imports, Deps, GoFiles []string
}

func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Dir,Standard,Imports,Deps,GoFiles"}, args...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("go list: %s", exit.Stderr)
	}
	require.NoError(t, err)
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else {
			require.NoError(t, err)
		}
		packages = append(packages, p)
	}
}

func roomOf(path string) (string, bool) {
	best, found := "", path == ""
	for name := range rooms {
		if name != "" && (path == name || strings.HasPrefix(path, name+"/")) && len(name) > len(best) {
			best, found = name, true
		}
	}
	return best, found
}

// TestArrows fails on an import that the plan does not draw (specification, design §1).
func TestArrows(t *testing.T) {
	for _, p := range goList(t, "./...") {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		name, ok := roomOf(path)
		if !assert.Truef(t, ok, "package %q has no room: draw it in the plan", path) {
			continue
		}
		r := rooms[name]
		for _, imported := range p.Imports {
			other, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			to, _ := roomOf(strings.TrimPrefix(other, "/"))
			allowed := to == "" || to == name || strings.HasPrefix(to, "internal") || slices.Contains(r.imports, to) || slices.Contains(r.imports, "*") ||
				strings.HasPrefix(path, "internal/") && strings.HasSuffix(path, "test") // support of tests may use what it tests
			assert.Truef(t, allowed, "%s imports %s: no such arrow in the plan", p.ImportPath, imported)
			assert.Falsef(t, path == "" && !slices.Contains(rootMay, to), "the root imports %s", imported)
			assert.NotEqualf(t, "backend/all", to, "%s imports backend/all: only programs and tests do", p.ImportPath)
		}
		if slices.Contains(r.links, "*") || isTestSupport(path) {
			continue
		}
		for _, dep := range p.Deps {
			for family, prefixes := range sdks {
				if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(dep, prefix) }) {
					assert.Truef(t, slices.Contains(r.links, family), "%s links %s (%s)", p.ImportPath, dep, family)
				}
			}
		}
	}
}

func isTestSupport(path string) bool {
	last := path[strings.LastIndexByte(path, '/')+1:]
	return strings.HasPrefix(path, "internal/") && (strings.HasSuffix(last, "test") || last == "vectors" || last == "awswire")
}

// TestRootIsLight holds the root to the standard library, without the network.
func TestRootIsLight(t *testing.T) {
	for _, p := range goList(t, "-deps", ".") {
		ours, _ := strings.CutPrefix(p.ImportPath, module+"/")
		assert.Truef(t, p.Standard || p.ImportPath == module || slices.Contains(rootMay, ours), "the root links %s", p.ImportPath)
		assert.Falsef(t, p.ImportPath == "net" || strings.HasPrefix(p.ImportPath, "net/"), "the root links %s", p.ImportPath)
	}
}

// TestAllRegistersEverything holds backend/all to every package that registers something when it is imported.
func TestAllRegistersEverything(t *testing.T) {
	packages := goList(t, "./...")
	all := packages[slices.IndexFunc(packages, func(p listed) bool { return p.ImportPath == module+"/backend/all" })]
	registering := 0
	for _, p := range packages {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		if strings.HasPrefix(path, "examples/") || strings.Contains("/"+path+"/", "/internal/") || !hasInit(t, p) {
			continue
		}
		registering++
		assert.Containsf(t, all.Deps, p.ImportPath, "backend/all does not import %s", path)
	}
	assert.Greater(t, registering, 10)
}

func hasInit(t *testing.T, p listed) bool {
	t.Helper()
	for _, file := range p.GoFiles {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				return true
			}
		}
	}
	return false
}
