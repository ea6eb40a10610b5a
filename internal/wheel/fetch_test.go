package wheel_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/wheel"
	"github.com/addlab/addlab/internal/wheeltest"
)

const (
	fakeMember  = "fake/lib/libfake.so"
	fakeLibrary = "this is a library"
)

const (
	slowPip   = `/bin/sleep 0.3; ` + wheeltest.Good
	halfPip   = `/usr/bin/head -c 50 "$package" >"$dir/fake-1.0-py3-none-any.whl"; kill -9 $$`
	hungPip   = `exec /bin/sleep 60`
	failedPip = `echo "Looking around"; echo "ERROR: No matching distribution found" >&2; echo "hint"; exit 1`
)

// fakeFile is the fake library in one wheel, for every system.
func fakeFile(p wheel.Pin) wheel.File {
	p.Member = fakeMember
	return wheel.File{Prefix: "engine", Folder: "engines", Entry: "fake-1.0", Title: "fake library", Name: "libfake.so", Wheels: map[string]wheel.Pin{wheel.Anywhere: p}}
}

func writeWheel(t *testing.T, path string) string {
	t.Helper()
	return wheeltest.Write(t, path, fakeMember, []byte(fakeLibrary))
}

func wantLibrary(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != fakeLibrary {
		t.Errorf("library = %q, %v, want %q", data, err, fakeLibrary)
	}
}

// wantNoTraces checks that a failed fetch left nothing but its lock.
func wantNoTraces(t *testing.T, cache string, f wheel.File) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(cache, "addlab", f.Folder))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != f.Entry+".lock" {
			t.Errorf("%s is left in the cache", e.Name())
		}
	}
}

func TestFetchByPip(t *testing.T) {
	for _, c := range []struct {
		why, body string
		limit     time.Duration
		wantErr   string
	}{
		{"a good package is unpacked", wheeltest.Good, time.Minute, ""},
		{"another file is not believed", wheeltest.Other, time.Minute, "fake==1.0: checksum = "},
		{"a pip that is killed half way leaves nothing", halfPip, time.Minute, "killed"},
		{"a pip that hangs is stopped", hungPip, 300 * time.Millisecond, "time limit"},
		{"a pip that fails says why", failedPip, time.Minute, "ERROR: No matching distribution found"},
		{"a pip that brings nothing is an error", "exit 0", time.Minute, "0 files"},
	} {
		t.Run(c.why, func(t *testing.T) {
			cache := t.TempDir()
			t.Setenv("XDG_CACHE_HOME", cache)
			file := filepath.Join(t.TempDir(), "wheel")
			a := fakeFile(wheel.Pin{Spec: "fake==1.0", Size: 2e6, SHA256: writeWheel(t, file)})
			calls := wheeltest.Pip(t, file, c.body)
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()

			var progress bytes.Buffer
			start := time.Now()
			library, err := a.Fetch(ctx, &progress, wheeltest.Reachable())
			if elapsed := time.Since(start); elapsed > 5*time.Second {
				t.Errorf("took %v", elapsed)
			}
			if altered := errors.Is(err, download.ErrAltered); altered != (c.body == wheeltest.Other) {
				t.Errorf("error = %v, is ErrAltered: %t", err, altered)
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
			if _, err := a.Fetch(ctx, nil, wheeltest.Reachable()); err != nil || calls() != 1 {
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
	a := fakeFile(wheel.Pin{})
	_, err := a.Fetch(t.Context(), nil, wheeltest.Reachable())
	if err == nil || !strings.Contains(err.Error(), "XDG_CACHE_HOME") {
		t.Errorf("error = %v, want one that names XDG_CACHE_HOME", err)
	}
}

func TestCacheEntryMustBeWholeAndPinned(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "wheel")
	a := fakeFile(wheel.Pin{Spec: "fake==1.0", SHA256: writeWheel(t, file)})
	calls := wheeltest.Pip(t, file, wheeltest.Good)
	library, err := a.Fetch(t.Context(), nil, wheeltest.Reachable())
	if err != nil {
		t.Fatal(err)
	}

	repinned := fakeFile(wheel.Pin{Spec: "fake==1.1", SHA256: strings.Repeat("0", 64)})
	if _, ok := repinned.Cached(); ok {
		t.Error("an entry from a package that is no longer pinned counts as cached")
	}
	for why, spoil := range map[string]func() error{
		"shortened":         func() error { return os.Truncate(library, 3) },
		"without a marker":  func() error { return os.Remove(filepath.Join(filepath.Dir(library), "verified")) },
		"without a library": func() error { return os.Remove(library) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, ok := a.Cached(); ok {
			t.Errorf("an entry %s counts as cached", why)
		}
		before := calls()
		if _, err := a.Fetch(t.Context(), nil, wheeltest.Reachable()); err != nil || calls() != before+1 {
			t.Errorf("entry %s: fetch = %v with %d calls of pip, want 1", why, err, calls()-before)
		}
		wantLibrary(t, library)
	}
}

func TestConcurrentFetchesCallPipOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "wheel")
	a := fakeFile(wheel.Pin{Spec: "fake==1.0", SHA256: writeWheel(t, file)})
	calls := wheeltest.Pip(t, file, slowPip)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := a.Fetch(t.Context(), nil, wheeltest.Reachable()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if calls() != 1 {
		t.Errorf("pip was called %d times, want 1", calls())
	}
}

// TestKilledProcessLeavesNoHalfFile kills a process that fetches; the next one cleans up and succeeds.
func TestKilledProcessLeavesNoHalfFile(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	file := filepath.Join(t.TempDir(), "wheel")
	a := fakeFile(wheel.Pin{Spec: "fake==1.0", SHA256: writeWheel(t, file)})
	wheeltest.Pip(t, file, `/usr/bin/head -c 50 "$package" >"$dir/fake-1.0-py3-none-any.whl"; exec /bin/sleep 2`)

	child := exec.Command(os.Args[0], "-test.run=^TestHelperThatFetches$")
	child.Env = append(os.Environ(), "WHEEL_TEST_FETCH=1")
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
	if _, ok := a.Cached(); ok {
		t.Fatal("half a download counts as cached")
	}

	wheeltest.Pip(t, file, wheeltest.Good)
	library, err := a.Fetch(t.Context(), nil, wheeltest.Reachable())
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
	if os.Getenv("WHEEL_TEST_FETCH") == "" {
		t.Skip("runs only as a child process")
	}
	a := fakeFile(wheel.Pin{Spec: "fake==1.0"})
	_, _ = a.Fetch(t.Context(), nil, wheeltest.Reachable())
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
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			calls := wheeltest.Pip(t, "", `case "$all" in *--no-index*) echo "ERROR: without the index"; exit 1;; esac`)
			script := filepath.Join(os.Getenv("PATH"), "pip")
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(script, bytes.Replace(text, []byte("exit 0"), []byte(c.config), 1), 0o755); err != nil {
				t.Fatal(err)
			}
			n := (&wheeltest.Hosts{}).Network()
			a := fakeFile(wheel.Pin{Spec: "fake==1.0"})
			if _, err := a.Fetch(t.Context(), nil, n); err == nil || !strings.Contains(err.Error(), c.want) || calls() != c.calls {
				t.Errorf("error = %v after %d calls of pip, want %q after %d", err, calls(), c.want, c.calls)
			}
		})
	}
}
