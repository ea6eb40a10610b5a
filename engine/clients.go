package engine

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// pipDownload downloads a wheel without installing it.
func pipDownload(ctx context.Context, n *network, p archive, dir string) (string, error) {
	pip, config, err := findPip(ctx)
	if err != nil {
		return "", err
	}
	argv := append(pip, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries", "1", "-d", dir)
	if address, local := pipAddress(config); address != "" {
		if err := n.reach(ctx, address); err != nil && !local {
			return "", err
		} else if err != nil {
			argv = append(argv, "--no-index")
		}
	}
	argv = append(append(argv, p.flags...), p.spec)
	env := []string{"PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	if os.Getenv("PIP_DEFAULT_TIMEOUT") == "" {
		env = append(env, "PIP_DEFAULT_TIMEOUT=20") // a network that swallows packets is noticed within a minute
	}
	if err := runClient(ctx, env, argv...); err != nil {
		return "", err
	}
	return onlyFile(dir, "*.whl")
}

// findPip returns the first pip that runs, and its configuration: a Python may lack the module, and a version manager's stub may
// lead nowhere.
func findPip(ctx context.Context) (argv []string, config string, err error) {
	for _, argv := range [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}} {
		if config, err = ask(ctx, argv[0], append(argv[1:], "config", "list")...); err == nil {
			return argv, config, nil
		}
	}
	return nil, "", errors.New("no pip on PATH (python3 -m pip, pip3, pip)")
}

// pipSetting is a line of pip's configuration that bears on a download: section, key and value.
var pipSetting = regexp.MustCompile(`(?m)^(?::env:|download|global)\.(proxy|index-url|extra-index-url|find-links|no-index)='(.*)'$`)

// pipAddress is what pip connects to by its configuration: a proxy, or the index; empty where only pip can tell. Packages may also be
// local. pip lists the environment first, which is also what it prefers.
func pipAddress(config string) (address string, local bool) {
	values := map[string]string{}
	for _, line := range pipSetting.FindAllStringSubmatch(config, -1) {
		if _, found := values[line[1]]; !found {
			values[line[1]] = line[2]
		}
	}
	if values["no-index"] != "" || values["extra-index-url"] != "" {
		return "", false
	}
	address = "https://pypi.org/simple/"
	for _, key := range []string{"index-url", "proxy"} {
		if v := values[key]; v != "" {
			address = v
		}
	}
	if !strings.Contains(address, "://") { // a proxy may be written without
		address = "http://" + address
	}
	return address, values["find-links"] != ""
}

// npmPack downloads a package's tarball without installing it or running its scripts.
func npmPack(ctx context.Context, n *network, p archive, dir string) (string, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return "", err
	}
	if err := n.reach(ctx, npmAddress(ctx)); err != nil {
		return "", err
	}
	argv := append([]string{"npm", "pack", "--ignore-scripts", "--no-update-notifier", "--fetch-retries=1",
		"--cache", filepath.Join(dir, "npm"), "--pack-destination", dir}, p.flags...)
	if err := runClient(ctx, nil, append(argv, p.spec)...); err != nil {
		return "", err
	}
	return onlyFile(dir, "*.tgz")
}

// npmAddress is what npm connects to by its configuration: a proxy, or the registry.
func npmAddress(ctx context.Context) string {
	setting := func(key string) string {
		value, _ := ask(ctx, "npm", "config", "get", key) // an npm that cannot say has its default
		if !strings.HasPrefix(value, "http") {            // "null" and "undefined" are none
			return ""
		}
		return value
	}
	return cmp.Or(setting("https-proxy"), setting("registry"), "https://registry.npmjs.org/")
}
