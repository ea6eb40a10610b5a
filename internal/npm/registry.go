package npm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const publicRegistry = "https://registry.npmjs.org"

// registryOf is the address of the registry that npm would ask for a package, without a slash at its end: by the environment, then by the
// .npmrc of the working folder, then by the user's. One for the package's scope goes before the others. Tokens are not read.
func registryOf(name string) (string, error) {
	keys := []string{"registry"}
	if scope, _, scoped := strings.Cut(name, "/"); scoped {
		keys = []string{scope + ":registry", "registry"}
	}
	settings, err := settings()
	if err != nil {
		return "", err
	}
	for _, key := range keys {
		for _, s := range settings {
			value := s.value(key)
			if value == "" {
				continue
			}
			u, err := url.Parse(value)
			if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
				return "", fmt.Errorf("%s: %s = %q, want the address of an npm registry", s.where, key, value)
			}
			return strings.TrimRight(value, "/"), nil
		}
	}
	return publicRegistry, nil
}

// setting is a place where npm is configured.
type setting struct {
	where string
	value func(key string) string
}

// settings lists the places, the strongest first.
func settings() ([]setting, error) {
	environment := func(key string) string {
		for _, pair := range os.Environ() {
			if name, value, _ := strings.Cut(pair, "="); strings.EqualFold(name, "npm_config_"+key) && value != "" {
				return value
			}
		}
		return ""
	}
	all := []setting{{"environment", environment}}
	user := environment("userconfig")
	if home, err := os.UserHomeDir(); user == "" && err == nil {
		user = filepath.Join(home, ".npmrc")
	}
	for _, path := range []string{".npmrc", user} {
		data, err := os.ReadFile(path)
		if err != nil && path != "" && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		all = append(all, setting{path, func(key string) string { return inFile(data, key) }})
	}
	return all, nil
}

// inFile is the last value of a key in an .npmrc, whose variables ${NAME} are those of the environment.
func inFile(data []byte, key string) (value string) {
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), "="); ok && strings.TrimSpace(k) == key {
			value = os.ExpandEnv(strings.Trim(strings.TrimSpace(v), `"'`))
		}
	}
	return value
}
