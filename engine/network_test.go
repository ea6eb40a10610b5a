package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hosts answers or fails by host, and logs who was asked.
type hosts struct {
	answer map[string]func(*http.Request) (*http.Response, error) // others refuse
	mu     sync.Mutex
	asked  []string
}

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.asked = append(h.asked, r.URL.Host)
	h.mu.Unlock()
	if answer, ok := h.answer[r.URL.Host]; ok {
		return answer(r)
	}
	return nil, errors.New("connection refused")
}

func (h *hosts) network() *network {
	return &network{client: http.Client{Transport: h}, patience: 50 * time.Millisecond}
}

func ok(body []byte) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}, nil
	}
}

// swallow is a network that drops packets.
func swallow(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestReach(t *testing.T) {
	h := &hosts{answer: map[string]func(*http.Request) (*http.Response, error){
		"here": ok(nil), "silent": swallow,
		"forbidden": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody}, nil
		},
		"private": func(*http.Request) (*http.Response, error) {
			return nil, &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
		},
	}}
	n := h.network()
	for _, c := range []struct {
		why       string
		addresses []string
		want      string
		asked     int
	}{
		{"a host that answers", []string{"https://here/a"}, "", 1},
		{"an answer is an answer", []string{"https://forbidden"}, "", 1},
		{"a certificate is the client's affair", []string{"https://private"}, "", 1},
		{"one of two is silent", []string{"https://here", "https://silent/a"}, "silent cannot be reached: no answer within 50ms", 2},
		{"silence is remembered for all of the host", []string{"https://silent/b"}, "silent cannot be reached: no answer within 50ms", 0},
		{"a refusal", []string{"https://closed"}, "closed cannot be reached: connection refused", 1},
		{"a refusal is remembered", []string{"https://closed"}, "closed cannot be reached: connection refused", 0},
	} {
		h.asked = nil
		err := n.reach(t.Context(), c.addresses...)
		if got := fmt.Sprint(err); err == nil && c.want != "" || err != nil && got != c.want {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
		if len(h.asked) != c.asked {
			t.Errorf("%s: %v were asked, want %d", c.why, h.asked, c.asked)
		}
	}
	if internet.patience > 5*time.Second {
		t.Errorf("patience = %v, want at most 5 s", internet.patience)
	}
}

func TestACallerThatGivesUpSaysNothingOfTheHost(t *testing.T) {
	h := &hosts{answer: map[string]func(*http.Request) (*http.Response, error){"slow": swallow}}
	n := h.network()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.reach(ctx, "https://slow"); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	h.answer["slow"] = ok(nil)
	if err := n.reach(t.Context(), "https://slow"); err != nil {
		t.Errorf("after a cancelled question: %v", err)
	}
}

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
		{"all failures are told", true, []source{src("installer", true, broken), src("pip", true, errAbsent)}, library{}, []string{"installer", "pip"}, "installer: broken\npip: not there"},
	} {
		tried = nil
		got, err := setting{fetch: c.fetch, progress: io.Discard}.first(t.Context(), c.sources...)
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
		fakeClient(t, "pip", "-d", "/dev/null", otherPip)
		h := &hosts{answer: map[string]func(*http.Request) (*http.Response, error){"pypi.org": ok(nil)}}
		var progress bytes.Buffer
		_, err := c.open(t.Context(), candidate{}, setting{fetch: true, progress: &progress, network: h.network()})
		if err == nil {
			t.Skip("a library is in a place that the test cannot hide")
		}
		own, pip := strings.Index(err.Error(), c.own), strings.Index(err.Error(), "pip: ")
		if own < 0 || pip < own || !strings.Contains(err.Error(), "checksum = ") {
			t.Errorf("error = %v, want %q, then pip's checksum", err, c.own)
		}
		if len(h.asked) > 1 && h.asked[len(h.asked)-1] != "pypi.org" {
			t.Errorf("asked %v, want the index last", h.asked)
		}
		for _, host := range c.asked {
			if !slices.Contains(h.asked, host) {
				t.Errorf("asked %v, want %s among them", h.asked, host)
			}
		}
	}
}

// TestGoXLAsInstallerInstalls serves a release to go-xla's installer, in a process of its own: the plugin is this machine's.
func TestGoXLAsInstallerInstalls(t *testing.T) {
	plugin, found := xlaCPUPlugin.cached()
	if !found || testing.Short() {
		t.Skip("no plugin in the cache, or short")
	}
	child := exec.Command(os.Args[0], "-test.run=^TestHelperThatInstalls$", "-test.v")
	child.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PJRT_PLUGIN_LIBRARY_PATH=") || strings.HasPrefix(v, noAutoInstallEnv+"=")
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
	h := &hosts{answer: map[string]func(*http.Request) (*http.Response, error){"api.github.com": ok(release), "github.com": ok(tarred(t, plugin))}}
	http.DefaultTransport = h
	n := h.network()
	n.client.Transport = nil // the one that installers use
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

func TestPipsAddress(t *testing.T) {
	for _, c := range []struct {
		why, config, want string
		local             bool
	}{
		{"nothing said", "", "https://pypi.org/simple/", false},
		{"an index", "global.index-url='https://mirror/simple'\n", "https://mirror/simple", false},
		{"the environment before files", ":env:.index-url='https://a/'\nglobal.index-url='https://b/'\n", "https://a/", false},
		{"a proxy before the index", "global.index-url='https://b/'\nglobal.proxy='proxy:3128'\n", "http://proxy:3128", false},
		{"a folder of wheels", ":env:.find-links='/opt/wheels'\n", "https://pypi.org/simple/", true},
		{"a setting of another command", "install.index-url='https://b/'\n", "https://pypi.org/simple/", false},
		{"several indexes are pip's affair", "global.extra-index-url='https://b/'\n", "", false},
		{"no index at all", "global.no-index='true'\n", "", false},
	} {
		if got, local := pipAddress(c.config); got != c.want || local != c.local {
			t.Errorf("%s: %q, %v, want %q, %v", c.why, got, local, c.want, c.local)
		}
	}
}

func TestPipIsSparedAnIndexThatIsNotThere(t *testing.T) {
	for _, c := range []struct {
		why, config, want string
		calls             int
	}{
		{"no index, no wheels", "exit 0", "pypi.org cannot be reached", 0},
		{"wheels in a folder", `{ echo ":env:.find-links='/opt/wheels'"; exit 0; }`, "without the index", 1},
	} {
		t.Run(c.why, func(t *testing.T) {
			isolate(t)
			calls := fakeClient(t, "pip", "-d", "''", `case "$all" in *--no-index*) echo "ERROR: without the index"; exit 1;; esac`)
			script := filepath.Join(os.Getenv("PATH"), "pip")
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(script, bytes.Replace(text, []byte("exit 0"), []byte(c.config), 1), 0o755); err != nil {
				t.Fatal(err)
			}
			n := (&hosts{}).network()
			a := fakeArtifact(wheel{spec: "fake==1.0"})
			if _, err := fetch(t.Context(), a, setting{progress: io.Discard, network: n}); err == nil || !strings.Contains(err.Error(), c.want) || calls() != c.calls {
				t.Errorf("error = %v after %d calls of pip, want %q after %d", err, calls(), c.want, c.calls)
			}
		})
	}
}
