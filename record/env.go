package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

const modulePath = "github.com/addlab/addlab"

// Environment is what a run ran on. It names no host and no folder, so it can be published with the results.
type Environment struct {
	Commit        string            `json:"commit"` // of the source tree; the module's version outside of one
	Dirty         bool              `json:"dirty"`  // the tree had changes that the commit lacks
	GoVersion     string            `json:"go_version"`
	OS            string            `json:"os"`
	Arch          string            `json:"arch"`
	CPU           string            `json:"cpu"` // model name, "" where the system does not tell
	NumCPU        int               `json:"num_cpu"`
	Engine        string            `json:"engine"` // "xla:cpu", "onnx:cpu", "go" …
	EngineVersion string            `json:"engine_version"`
	Device        string            `json:"device"`
	Modules       map[string]string `json:"modules"` // versions of the libraries that compute
	Time          time.Time         `json:"time"`
}

// NewEnvironment describes the machine and the program; the caller names the engine.
func NewEnvironment(engine, engineVersion, device string) Environment {
	e := Environment{
		GoVersion:     runtime.Version(),
		OS:            runtime.GOOS,
		Arch:          runtime.GOARCH,
		CPU:           cpuModel(),
		NumCPU:        runtime.NumCPU(),
		Engine:        withoutFolders(engine),
		EngineVersion: withoutFolders(engineVersion),
		Device:        withoutFolders(device),
		Time:          time.Now().UTC().Truncate(time.Second),
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	e.Modules = modules(build)
	e.Commit, e.Dirty = commit(build)
	return e
}

// modules gives the versions of the libraries that compute. Test programs do not know theirs.
func modules(build *debug.BuildInfo) map[string]string {
	versions := map[string]string{}
	for _, m := range build.Deps {
		if strings.HasPrefix(m.Path, "github.com/gomlx/") || strings.HasPrefix(m.Path, "gonum.org/") {
			versions[m.Path] = version(m)
		}
	}
	return versions
}

// version is a module's version, that of its replacement if it has one, and "" for a source tree.
func version(m *debug.Module) string {
	if m.Replace != nil {
		m = m.Replace
	}
	if m.Version == "(devel)" {
		return ""
	}
	return m.Version
}

// commit finds the commit in the program, or else in the source tree around the working directory.
func commit(build *debug.BuildInfo) (commit string, dirty bool) {
	if build.Main.Path == modulePath {
		for _, s := range build.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = s.Value
			case "vcs.modified":
				dirty = s.Value == "true"
			}
		}
		if commit != "" {
			return commit, dirty
		}
	}
	fallback := ""
	for _, m := range append([]*debug.Module{&build.Main}, build.Deps...) {
		if m.Path == modulePath {
			fallback = version(m)
		}
	}

	// What a run writes below results does not make the source dirty.
	top, err := git("rev-parse", "--show-toplevel")
	if err != nil {
		return fallback, false
	}
	mod, err := os.ReadFile(filepath.Join(top, "go.mod"))
	if err != nil || !strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
		return fallback, false
	}
	if commit, err = git("rev-parse", "HEAD"); err != nil {
		return fallback, false
	}
	changes, err := git("status", "--porcelain", "--", ":/", ":(top,exclude)results")
	return commit, err != nil || changes != ""
}

// git runs a command that only reads, without waiting for locks.
func git(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	b, err := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks"}, args...)...).Output()
	return strings.TrimSpace(string(b)), err
}

func cpuModel() string {
	switch runtime.GOOS {
	case "linux":
		b, _ := os.ReadFile("/proc/cpuinfo")
		for line := range strings.Lines(string(b)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	case "darwin":
		b, _ := exec.Command("sysctl", "-n", "machdep.cpu.brand_string").Output()
		return strings.TrimSpace(string(b))
	}
	return ""
}

// folders matches an absolute path up to its last part, at the start of a text or after a separator.
var folders = regexp.MustCompile(`(^|[\s:=,;"'])(?:~|[A-Za-z]:)?[/\\](?:[^\s:=,;"'/\\]*[/\\])*`)

// withoutFolders reduces an absolute path to its last part: "xla:/home/me/plugin.so" is "xla:plugin.so".
func withoutFolders(s string) string { return folders.ReplaceAllString(s, "$1") }

func envName(n int) string {
	if n == 1 {
		return envFile
	}
	return fmt.Sprintf("env-%d.json", n)
}

// writeEnvironment keeps the environment of the first start, and each later one that differs from the one before.
func (r *Run) writeEnvironment(env Environment) error {
	var last Environment
	for n := 1; ; n++ {
		path := filepath.Join(r.dir, envName(n))
		var have Environment
		switch err := ReadJSON(path, &have); {
		case errors.Is(err, fs.ErrNotExist):
			last.Time = env.Time
			if n > 1 && reflect.DeepEqual(last, env) {
				return nil
			}
			return WriteJSON(path, env)
		case err != nil:
			return err
		}
		last = have
	}
}
