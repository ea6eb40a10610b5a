package engine

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	fakeMember  = "fake/lib/libfake.so"
	fakeLibrary = "this is a library"
)

const (
	goodPip   = `/bin/cp "$package" "$dir/fake-1.0-py3-none-any.whl"`
	slowPip   = `/bin/sleep 0.3; ` + goodPip
	otherPip  = `echo "something else" >"$dir/fake-1.0-py3-none-any.whl"`
	halfPip   = `/usr/bin/head -c 50 "$package" >"$dir/fake-1.0-py3-none-any.whl"; kill -9 $$`
	hungPip   = `exec /bin/sleep 60`
	failedPip = `echo "Looking around"; echo "ERROR: No matching distribution found" >&2; echo "hint"; exit 1`
)

// reachable is a setting in which every host answers.
func reachable(progress io.Writer) setting {
	h := &hosts{answer: map[string]func(*http.Request) (*http.Response, error){"pypi.org": ok(nil)}}
	return setting{fetch: true, progress: progress, network: h.network()}
}

func TestFetchByPip(t *testing.T) {
	for _, c := range []struct {
		why, body string
		limit     time.Duration
		wantErr   string
	}{
		{"a good package is unpacked", goodPip, time.Minute, ""},
		{"another file is not believed", otherPip, time.Minute, "checksum = "},
		{"a pip that is killed half way leaves nothing", halfPip, time.Minute, "killed"},
		{"a pip that hangs is stopped", hungPip, 300 * time.Millisecond, "time limit"},
		{"a pip that fails says why", failedPip, time.Minute, "ERROR: No matching distribution found"},
		{"a pip that brings nothing is an error", "exit 0", time.Minute, "0 files"},
	} {
		t.Run(c.why, func(t *testing.T) {
			cache := t.TempDir()
			t.Setenv("XDG_CACHE_HOME", cache)
			file := filepath.Join(t.TempDir(), "wheel")
			a := fakeArtifact(wheel{spec: "fake==1.0", size: 2e6, sha256: writeWheel(t, file)})
			calls := fakeClient(t, "pip", "-d", file, c.body)
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()

			var progress bytes.Buffer
			start := time.Now()
			library, err := fetch(ctx, a, reachable(&progress))
			if elapsed := time.Since(start); elapsed > 5*time.Second {
				t.Errorf("took %v", elapsed)
			}
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Errorf("error = %v, want %q in it", err, c.wantErr)
				}
				wantNoTraces(t, cache, a)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantLibrary(t, library)
			for _, want := range []string{"fake library (2 MB) with pip", "here after"} {
				if !strings.Contains(progress.String(), want) {
					t.Errorf("progress = %q, want %q in it", &progress, want)
				}
			}

			// A second fetch finds it there.
			if _, err := fetch(ctx, a, reachable(io.Discard)); err != nil || calls() != 1 {
				t.Errorf("second fetch: %v, %d calls of pip, want 1", err, calls())
			}
		})
	}
}

func TestFetchIntoAnUnusableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", file) // for root, too, no folder
	a := fakeArtifact(wheel{})
	_, err := fetch(t.Context(), a, reachable(io.Discard))
	if err == nil || !strings.Contains(err.Error(), "XDG_CACHE_HOME") {
		t.Errorf("error = %v, want one that names XDG_CACHE_HOME", err)
	}
}

func TestCacheEntryMustBeWholeAndPinned(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "wheel")
	a := fakeArtifact(wheel{spec: "fake==1.0", sha256: writeWheel(t, file)})
	calls := fakeClient(t, "pip", "-d", file, goodPip)
	library, err := fetch(t.Context(), a, reachable(io.Discard))
	if err != nil {
		t.Fatal(err)
	}

	repinned := fakeArtifact(wheel{spec: "fake==1.1", sha256: strings.Repeat("0", 64)})
	if _, ok := repinned.cached(); ok {
		t.Error("an entry from a package that is no longer pinned counts as cached")
	}
	for why, spoil := range map[string]func() error{
		"shortened":         func() error { return os.Truncate(library, 3) },
		"without a marker":  func() error { return os.Remove(filepath.Join(filepath.Dir(library), marker)) },
		"without a library": func() error { return os.Remove(library) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, ok := a.cached(); ok {
			t.Errorf("an entry %s counts as cached", why)
		}
		before := calls()
		if _, err := fetch(t.Context(), a, reachable(io.Discard)); err != nil || calls() != before+1 {
			t.Errorf("entry %s: fetch = %v with %d calls of pip, want 1", why, err, calls()-before)
		}
		wantLibrary(t, library)
	}
}

func TestConcurrentFetchesCallPipOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "wheel")
	a := fakeArtifact(wheel{spec: "fake==1.0", sha256: writeWheel(t, file)})
	calls := fakeClient(t, "pip", "-d", file, slowPip)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := fetch(t.Context(), a, reachable(io.Discard)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if calls() != 1 {
		t.Errorf("pip was called %d times, want 1", calls())
	}
}

func TestWaitForTheLockEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	waits := 0
	if _, err := lock(ctx, path, func() { waits++ }); err == nil || waits != 1 {
		t.Errorf("second lock: error = %v after %d messages, want the context's error after 1", err, waits)
	}
	unlock()
	again, err := lock(t.Context(), path, func() { t.Error("waits for a lock that was given back") })
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// TestKilledProcessLeavesNoHalfFile kills a process that fetches; the next one cleans up and succeeds.
func TestKilledProcessLeavesNoHalfFile(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	file := filepath.Join(t.TempDir(), "wheel")
	a := fakeArtifact(wheel{spec: "fake==1.0", sha256: writeWheel(t, file)})
	fakeClient(t, "pip", "-d", file, `/usr/bin/head -c 50 "$package" >"$dir/fake-1.0-py3-none-any.whl"; exec /bin/sleep 2`)

	child := exec.Command(os.Args[0], "-test.run=^TestHelperThatFetches$")
	child.Env = append(os.Environ(), "ENGINE_TEST_FETCH=1")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(cache, "addlab", "engines", ".fake-1.0-*", "*.whl")
	for range 100 {
		if found, _ := filepath.Glob(half); len(found) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if found, _ := filepath.Glob(half); len(found) != 1 {
		t.Fatalf("found %v, want the half file of the killed process", found)
	}
	if _, ok := a.cached(); ok {
		t.Fatal("half a download counts as cached")
	}

	fakeClient(t, "pip", "-d", file, goodPip)
	library, err := fetch(t.Context(), a, reachable(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	wantLibrary(t, library)
	if found, _ := filepath.Glob(half); len(found) > 0 {
		t.Errorf("%v is left of the killed process", found)
	}
}

// TestHelperThatFetches is the process that TestKilledProcessLeavesNoHalfFile kills.
func TestHelperThatFetches(t *testing.T) {
	if os.Getenv("ENGINE_TEST_FETCH") == "" {
		t.Skip("runs only as a child process")
	}
	a := fakeArtifact(wheel{spec: "fake==1.0"})
	_, _ = fetch(t.Context(), a, reachable(io.Discard))
}

func TestPinsAreComplete(t *testing.T) {
	exact := regexp.MustCompile(`^[a-z-]+==\d+\.\d+\.\d+$`)
	for _, a := range []artifact{xlaCPUPlugin, onnxLibrary} {
		for system, w := range a.wheels {
			sum, err := hex.DecodeString(w.sha256)
			if err != nil || len(sum) != 32 || w.size < 1e6 || w.member == "" || !exact.MatchString(w.spec) {
				t.Errorf("%s for %s: pin = %+v, want exact version, checksum, size and member", a.name, system, w)
			}
		}
	}
}

func TestComplaints(t *testing.T) {
	for _, c := range []struct{ why, out, want string }{
		{"pip", "WARNING: retrying\nERROR: no version\nERROR: No matching distribution found\n[notice] a new pip\n", "ERROR: No matching distribution found"},
		{"another program", "first\n\nlast\n", "last"},
		{"silence", "", "it says nothing"},
	} {
		if got := complaint(c.out); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}
