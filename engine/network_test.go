package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/wheel"
	"github.com/addlab/addlab/internal/wheeltest"
)

func TestFirstSource(t *testing.T) {
	var tried []string
	src := func(name string, fetches bool, err error) source {
		return source{name, fetches, func(context.Context) (string, error) {
			tried = append(tried, name)
			return "/lib/" + name, err
		}}
	}
	broken := errors.New("broken")
	for _, c := range []struct {
		why     string
		fetch   bool
		sources []source
		want    library
		tried   []string
		err     string
	}{
		{"what is here is not fetched", true, []source{src("folder", false, nil), src("installer", true, nil)}, library{"/lib/folder", "folder"}, []string{"folder"}, ""},
		{"an installer comes before packages", true, []source{src("folder", false, errAbsent), src("installer", true, nil), src("pip", true, nil)},
			library{"/lib/installer", "installer"}, []string{"folder", "installer"}, ""},
		{"packages follow a failed installer", true, []source{src("installer", true, broken), src("pip", true, nil)}, library{"/lib/pip", "pip"}, []string{"installer", "pip"}, ""},
		{"nothing is fetched where that is off", false, []source{src("folder", false, errAbsent), src("installer", true, nil)}, library{}, []string{"folder"}, errNotFetched.Error()},
		{"what is here and broken is not absent", false, []source{src("folder", false, broken), src("cache", false, errAbsent), src("installer", true, nil)},
			library{}, []string{"folder", "cache"}, "folder: broken"},
		{"all failures are told", true, []source{src("installer", true, broken), src("pip", true, errAbsent)}, library{}, []string{"installer", "pip"}, "installer: broken\npip: not there"},
	} {
		tried = nil
		got, err := setting{fetch: c.fetch, progress: t.Output()}.first(t.Context(), c.sources...)
		if got != c.want || err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("%s: %v, %v, want %v, %q", c.why, got, err, c.want, c.err)
		}
		if diff := cmp.Diff(c.tried, tried); diff != "" {
			t.Errorf("%s: tried (-want +got)\n%s", c.why, diff)
		}
	}
}

// The machine reaches package registries only: pip is asked, and what it brings is checked.
func TestInstallersAreAskedBeforePackages(t *testing.T) {
	for _, c := range []struct {
		open  func(context.Context, candidate, setting) (*Engine, error)
		own   string
		asked []string // their order but for questions asked at once
	}{
		{openXLACPU, "go-xla's installer: ", []string{"api.github.com", "github.com", "pypi.org"}},
		{openONNX, "compute-onnx's installer: github.com", []string{"github.com", "pypi.org"}},
	} {
		isolate(t)
		wheeltest.Pip(t, "/dev/null", wheeltest.Other)
		h := &wheeltest.Hosts{Answer: map[string]wheeltest.Answer{"pypi.org": wheeltest.OK(nil)}}
		var progress bytes.Buffer
		_, err := c.open(t.Context(), candidate{}, setting{fetch: true, progress: &progress, network: h.Network()})
		if err == nil {
			t.Skip("a library is in a place that the test cannot hide")
		}
		own, pip := strings.Index(err.Error(), c.own), strings.Index(err.Error(), "pip: ")
		if own < 0 || pip < own || !strings.Contains(err.Error(), "checksum = ") {
			t.Errorf("error = %v, want %q, then pip's checksum", err, c.own)
		}
		if len(h.Asked) > 1 && h.Asked[len(h.Asked)-1] != "pypi.org" {
			t.Errorf("asked %v, want the index last", h.Asked)
		}
		for _, host := range c.asked {
			if !slices.Contains(h.Asked, host) {
				t.Errorf("asked %v, want %s among them", h.Asked, host)
			}
		}
	}
}

// TestGoXLAsInstallerInstalls serves a release to go-xla's installer, in a process of its own: the plugin is this machine's.
func TestGoXLAsInstallerInstalls(t *testing.T) {
	plugin, found := xlaCPUPlugin.Cached()
	if !found || testing.Short() {
		t.Skip("no plugin in the cache, or short")
	}
	child := exec.Command(os.Args[0], "-test.run=^TestHelperThatInstalls$", "-test.v")
	child.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PJRT_PLUGIN_LIBRARY_PATH=") || strings.HasPrefix(v, download.OffEnv+"=")
	})
	child.Env = append(child.Env, "ENGINE_TEST_PLUGIN="+plugin, "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir())
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "library from go-xla's installer") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestHelperThatInstalls is the process of TestGoXLAsInstallerInstalls.
func TestHelperThatInstalls(t *testing.T) {
	plugin := os.Getenv("ENGINE_TEST_PLUGIN")
	if plugin == "" {
		t.Skip("runs only as a child process")
	}
	const asset = "https://github.com/x/pjrt_cpu_linux_amd64.tar.gz"
	release, err := json.Marshal(map[string]any{"assets": []any{map[string]string{"browser_download_url": asset}}})
	if err != nil {
		t.Fatal(err)
	}
	h := &wheeltest.Hosts{Answer: map[string]wheeltest.Answer{"api.github.com": wheeltest.OK(release), "github.com": wheeltest.OK(tarred(t, plugin))}}
	http.DefaultTransport = h
	n := h.Network()
	n.Client.Transport = nil // the one that installers use
	e, err := openXLACPU(t.Context(), candidate{name: xlaCPU}, setting{fetch: true, progress: t.Output(), network: n})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := multiplies(t.Context(), e.Backend); err != nil {
		t.Fatal(err)
	}
	t.Logf("library from %s: %s", e.library.source, e.library.path)
}

// tarred is a release of go-xla's plugin.
func tarred(t *testing.T, plugin string) []byte {
	data, err := os.ReadFile(plugin)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	gz, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(gz)
	name := "pjrt_c_api_cpu_v0.0.1_plugin.so"
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPinsAreComplete(t *testing.T) {
	for _, f := range []wheel.File{xlaCPUPlugin, onnxLibrary} {
		wheeltest.WantPins(t, f)
	}
}
