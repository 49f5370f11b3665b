package secrets_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// named is a test as the table of promises names it: folder.TestName, where the root is called secrets.
var named = regexp.MustCompile("`([a-z0-9/]+)\\.(Test[A-Za-z0-9]+)`")

// TestPromises holds every promise of the README to tests that exist.
func TestPromises(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "| promise | held by |\n|---|---|\n")
	require.True(t, found, "the README has no table of promises")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(strings.TrimSpace(table), "\n")
	require.Greater(t, len(rows), 10)
	tests := map[string]map[string]bool{}
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		require.Lenf(t, cells, 2, "row %q", row)
		promise, list := cells[0], strings.Split(cells[1], ", ")
		for _, one := range list {
			parts := named.FindStringSubmatch(one)
			if !assert.Lenf(t, parts, 3, "%s: %q is no test", promise, one) {
				continue
			}
			folder, name := parts[1], parts[2]
			if folder == "secrets" {
				folder = "."
			}
			if tests[folder] == nil {
				tests[folder] = testsIn(t, folder)
			}
			assert.Truef(t, tests[folder][name], "%s: there is no test %s in %s", promise, name, parts[1])
		}
	}
}

// TestGoroutinesAreLookedFor: every package that has tests ends them with a look for goroutines that are left, in TestMain.
func TestGoroutinesAreLookedFor(t *testing.T) {
	packages := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != "." {
			return filepath.SkipDir // another module
		}
		if entry.Name() == ".git" {
			return filepath.SkipDir // git removes folders of it when it likes
		}
		if tests := testsIn(t, path); len(tests) > 0 {
			packages++
			assert.Truef(t, tests["TestMain"], "%s has no TestMain", path)
		}
		return nil
	}))
	assert.Greater(t, packages, 30)
}

// testsIn lists the test functions of a package, by its folder.
func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*_test.go"))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
