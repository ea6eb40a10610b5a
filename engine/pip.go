package engine

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
)

// pipDownload downloads a wheel without installing it.
func pipDownload(ctx context.Context, n *network, w wheel, dir string) (string, error) {
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
	argv = append(append(argv, w.flags...), w.spec)
	env := []string{"PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	if os.Getenv("PIP_DEFAULT_TIMEOUT") == "" {
		env = append(env, "PIP_DEFAULT_TIMEOUT=20") // a network that swallows packets is noticed within a minute
	}
	if err := runPip(ctx, env, argv...); err != nil {
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
