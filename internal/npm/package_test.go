package npm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/npm"
	"github.com/addlab/addlab/internal/npmtest"
)

func pinned(data []byte) npm.Package { return npmtest.Pinned("@some/thing", "1.2.3", data) }

// serve is a registry that answers the one package by answer, and logs the ranges that are asked for.
func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) (ranges *[]string) {
	t.Helper()
	ranges = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodHead:
		case r.URL.Path != "/mirror/@some/thing/-/thing-1.2.3.tgz":
			http.NotFound(w, r)
		default:
			*ranges = append(*ranges, r.Header.Get("Range"))
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("npm_config_registry", server.URL+"/mirror/")
	t.Setenv(download.OffEnv, "")
	return ranges
}

func silent(string, ...any) {}

func whole(data []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

func TestFetch(t *testing.T) {
	data := npmtest.Pack(t, "a.txt", strings.Repeat("text", 100))
	p := pinned(data)
	for _, c := range []struct {
		why, part string // what an earlier call left
		answer    func(http.ResponseWriter, *http.Request)
		ranges    []string
		want      string
	}{
		{"the whole file", "", whole(data), []string{""}, ""},
		{"the rest of a part", string(data[:50]), whole(data), []string{"bytes=50-"}, ""},
		{"all was there already", string(data), whole(data), nil, ""},
		{"a registry without ranges", string(data[:50]), func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }, []string{"bytes=50-"}, ""},
		{"a part that is longer than the file", string(data) + "and more", whole(data), []string{fmt.Sprintf("bytes=%d-", len(data)+8)}, "the next call starts anew"},
		{"another file", "", whole([]byte("something else")), []string{""}, "another file than the pinned one"},
		{"a file that does not end", "", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(append(data, make([]byte, 1<<20)...)) }, []string{""}, "another file than the pinned one"},
		{"a registry that refuses", "", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you", http.StatusUnauthorized) }, []string{""}, "401 Unauthorized"},
		{"a connection that breaks", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			_, _ = w.Write(data[:60])
		}, []string{""}, "which the next call continues"},
	} {
		t.Run(c.why, func(t *testing.T) {
			ranges, dir := serve(t, c.answer), t.TempDir()
			part := filepath.Join(dir, p.File()+".part")
			if c.part != "" {
				if err := os.WriteFile(part, []byte(c.part), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			path, err := p.Fetch(t.Context(), dir, silent, npmtest.Network())
			if diff := cmp.Diff(c.ranges, *ranges, cmp.Transformer("nil", func(s []string) string { return fmt.Sprintf("%q", s) })); diff != "" {
				t.Errorf("ranges (-want +asked):\n%s", diff)
			}
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error = %v, want %q in it", err, c.want)
				}
				if _, err := os.Stat(filepath.Join(dir, p.File())); err == nil {
					t.Error("the file is there all the same")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, data) || path != filepath.Join(dir, "some-thing-1.2.3.tgz") {
				t.Errorf("%s: %d bytes, %v, want the %d of the package", path, len(got), err, len(data))
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); left != nil {
				t.Errorf("%v is left", left)
			}
		})
	}
}

// After an interruption the next call brings the rest, whose sum is that of the whole.
func TestAnInterruptedFetchContinues(t *testing.T) {
	data := npmtest.Pack(t, "a.txt", strings.Repeat("text", 1000))
	p, cut := pinned(data), true
	ranges := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if cut {
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			_, _ = w.Write(data[:70])
			return
		}
		whole(data)(w, r)
	})
	dir := t.TempDir()
	if _, err := p.Fetch(t.Context(), dir, silent, npmtest.Network()); err == nil {
		t.Fatal("no error though the connection broke")
	}
	cut = false
	if _, err := p.Fetch(t.Context(), dir, silent, npmtest.Network()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", "bytes=70-"}, *ranges); diff != "" {
		t.Errorf("ranges (-want +asked):\n%s", diff)
	}
}

func TestFilesPutByHand(t *testing.T) {
	data := npmtest.Pack(t, "a.txt", "text")
	p, dir := pinned(data), t.TempDir()
	t.Setenv(download.OffEnv, "1")
	if _, err := p.Fetch(t.Context(), dir, silent, npmtest.Network()); err == nil || !strings.Contains(err.Error(), download.OffEnv) {
		t.Errorf("error = %v, want one that names %s", err, download.OffEnv)
	}
	path := filepath.Join(dir, p.File())
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Fetch(t.Context(), dir, silent, npmtest.Network()); err != nil || got != path {
		t.Errorf("%q, %v, want %q", got, err, path)
	}
	if err := os.WriteFile(path, data[1:], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Fetch(t.Context(), dir, silent, npmtest.Network()); !errors.Is(err, download.ErrAltered) || !strings.Contains(err.Error(), path) {
		t.Errorf("error = %v, want ErrAltered of %s", err, path)
	}
}

func TestACancelledFetchSaysSo(t *testing.T) {
	data := npmtest.Pack(t, "a.txt", "text")
	ctx, cancel := context.WithCancel(t.Context())
	serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	if _, err := pinned(data).Fetch(ctx, t.TempDir(), silent, npmtest.Network()); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.tgz")
	if err := os.WriteFile(path, npmtest.Pack(t, "LICENSE", "free", "img/a.png", "picture"), 0o666); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err := npm.Read(path, func(name string, r io.Reader) error {
		text, err := io.ReadAll(r)
		got[name] = string(text)
		return err
	})
	if diff := cmp.Diff(map[string]string{"LICENSE": "free", "img/a.png": "picture"}, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if err := os.Truncate(path, 40); err != nil {
		t.Fatal(err)
	}
	if err := npm.Read(path, func(string, io.Reader) error { return nil }); err == nil {
		t.Error("no error of a file that is cut off")
	}
}
