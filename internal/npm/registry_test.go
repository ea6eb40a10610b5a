package npm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRegistry(t *testing.T) {
	for _, c := range []struct {
		why, environment, scoped, project, user string
		pkg, want, err                          string
	}{
		{why: "npm's own", pkg: "a", want: publicRegistry},
		{why: "the environment", environment: "https://mirror.example/npm/", user: "registry=https://other.example", pkg: "a", want: "https://mirror.example/npm"},
		{why: "the user's file", user: "; mine\nregistry = \"http://user.example/\"\n", pkg: "a", want: "http://user.example"},
		{why: "the folder's file goes first", project: "registry=https://project.example", user: "registry=https://user.example", pkg: "a", want: "https://project.example"},
		{why: "the last line counts", user: "registry=https://one.example\nregistry=https://two.example", pkg: "a", want: "https://two.example"},
		{why: "a variable", user: "registry=https://${TEST_HOST}/npm", pkg: "a", want: "https://host.example/npm"},
		{why: "one for the scope", environment: "https://mirror.example", user: "@s:registry=https://scope.example", pkg: "@s/a", want: "https://scope.example"},
		{why: "another scope", environment: "https://mirror.example", user: "@t:registry=https://scope.example", pkg: "@s/a", want: "https://mirror.example"},
		{why: "no address", environment: "mirror", pkg: "a", err: `environment: registry = "mirror", want the address of an npm registry`},
	} {
		t.Run(c.why, func(t *testing.T) {
			home, project := t.TempDir(), t.TempDir()
			t.Chdir(project)
			t.Setenv("HOME", home)
			t.Setenv("USERPROFILE", home)
			t.Setenv("TEST_HOST", "host.example")
			t.Setenv("npm_config_userconfig", "")
			t.Setenv("NPM_CONFIG_USERCONFIG", "")
			t.Setenv("npm_config_registry", "")
			t.Setenv("NPM_CONFIG_REGISTRY", c.environment)
			for dir, text := range map[string]string{home: c.user, project: c.project} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, ".npmrc"), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			got, err := registryOf(c.pkg)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error = %v, want %q in it", err, c.err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}
