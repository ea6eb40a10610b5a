package record

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironmentNamesNoHostAndNoFolder(t *testing.T) {
	e := NewEnvironment("xla:/home/someone/lib/pjrt_c_api_cpu_plugin.so", "0.4.5", "2 cores")
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	host, _ := os.Hostname()
	home, _ := os.UserHomeDir()
	for _, secret := range []string{host, home, "someone"} {
		if len(secret) > 1 && strings.Contains(string(b), secret) {
			t.Errorf("%q appears in %s", secret, b)
		}
	}
	if e.Engine != "xla:pjrt_c_api_cpu_plugin.so" || e.GoVersion != runtime.Version() || e.NumCPU < 1 || e.Time.IsZero() {
		t.Errorf("got %+v", e)
	}
}

func TestModulesAreThoseThatCompute(t *testing.T) {
	got := modules(&debug.BuildInfo{Deps: []*debug.Module{
		{Path: "github.com/gomlx/gomlx", Version: "v0.28.8"},
		{Path: "gonum.org/v1/gonum", Version: "v0.17.0", Replace: &debug.Module{Path: "../gonum", Version: "v0.17.1"}},
		{Path: "k8s.io/klog/v2", Version: "v2.140.0"},
	}})
	want := map[string]string{"github.com/gomlx/gomlx": "v0.28.8", "gonum.org/v1/gonum": "v0.17.1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCommit(t *testing.T) {
	stamped := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.modified", Value: "true"}}
	got, dirty := commit(&debug.BuildInfo{Main: debug.Module{Path: modulePath}, Settings: stamped})
	if got != "0123abc" || !dirty {
		t.Errorf("of a program with a stamp: %q, %v", got, dirty)
	}

	tree, err := git("rev-parse", "HEAD")
	if err != nil {
		tree = "" // tests may run from an archive
	}
	if got, _ := commit(&debug.BuildInfo{}); got != tree {
		t.Errorf("of this source tree: %q, want %q", got, tree)
	}

	t.Chdir(t.TempDir())
	notebook := &debug.BuildInfo{Main: debug.Module{Path: "notebook"}, Settings: stamped, Deps: []*debug.Module{{Path: modulePath, Version: "v0.1.0"}}}
	if got, dirty := commit(notebook); got != "v0.1.0" || dirty {
		t.Errorf("of another program that uses us: %q, %v, want our version", got, dirty)
	}
	if got, _ := commit(&debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "(devel)"}}); got != "" {
		t.Errorf("of a program without a stamp or tree: %q", got)
	}
}

func TestWithoutFolders(t *testing.T) {
	for in, want := range map[string]string{
		"xla:cpu":                        "xla:cpu",
		"onnx:/opt/lib/libort.so.1":      "onnx:libort.so.1",
		"/root/a.so,/root/b/c.so":        "a.so,c.so",
		"~/lib/a.so":                     "a.so",
		`xla:C:\Users\me\a.dll`:          "xla:a.dll",
		"Intel(R) Xeon(R) @ 2.20GHz x/y": "Intel(R) Xeon(R) @ 2.20GHz x/y",
		"lib /root/":                     "lib ",
	} {
		if got := withoutFolders(in); got != want {
			t.Errorf("%q → %q, want %q", in, got, want)
		}
	}
}
