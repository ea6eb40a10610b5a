package wheel

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/processes"
)

// pipDownload downloads a wheel without installing it.
func pipDownload(ctx context.Context, n *download.Network, w Pin, dir string) (string, error) {
	pip, config, err := findPip(ctx)
	if err != nil {
		return "", err
	}
	argv := append(pip, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries", "1", "-d", dir)
	if address, local := pipAddress(config); address != "" {
		if err := n.Reach(ctx, address); err != nil && !local {
			return "", err
		} else if err != nil {
			argv = append(argv, "--no-index")
		}
	}
	argv = append(append(argv, w.Flags...), w.Spec)
	env := []string{"PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	if os.Getenv("PIP_DEFAULT_TIMEOUT") == "" {
		env = append(env, "PIP_DEFAULT_TIMEOUT=20") // a network that swallows packets is noticed within a minute
	}
	if err := runPip(ctx, env, argv...); err != nil {
		return "", err
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.whl"))
	if len(files) != 1 {
		return "", fmt.Errorf("download left %d files *.whl, want 1", len(files))
	}
	return files[0], nil
}

// runPip runs pip and returns what it says of its failure.
func runPip(ctx context.Context, env []string, argv ...string) error {
	cmd := processes.Command(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err == nil {
		return nil
	}
	name := filepath.Base(argv[0])
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: no end before the time limit", name)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s: %s (%w)", name, complaint(out.String()), err)
}

// complaint is the line of pip's output that says what went wrong: its last error, else the last line.
func complaint(out string) string {
	last, failure := "it says nothing", ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ERROR:") {
			failure = line
		} else if line != "" {
			last = line
		}
	}
	return cmp.Or(failure, last)
}

// findPip returns the first pip that runs, and its configuration: a Python may lack the module, and a version manager's stub may
// lead nowhere.
func findPip(ctx context.Context) (argv []string, config string, err error) {
	for _, argv := range [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}} {
		if config, err = processes.Ask(ctx, argv[0], append(argv[1:], "config", "list")...); err == nil {
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
