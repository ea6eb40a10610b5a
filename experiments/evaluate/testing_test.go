package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinyworld"
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command().Run(ctx, args, stdout, stderr)
}

// album writes n coloured pictures with captions, the same for equal seeds.
func album(t testing.TB, n int, seed int64, captions bool) string {
	t.Helper()
	dir := t.TempDir()
	var lines bytes.Buffer
	for i := range n {
		r := rng.New(seed, "album", i)
		m := image.NewRGBA(image.Rect(0, 0, tinyworld.Size, tinyworld.Size))
		base := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
		for y := range tinyworld.Size {
			for x := range tinyworld.Size {
				c := base
				if x > r.IntN(tinyworld.Size) {
					c.R, c.G = c.G, c.R
				}
				m.SetRGBA(x, y, c)
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%04d.png", i)
		put(t, filepath.Join(dir, name), b.String())
		fmt.Fprintf(&lines, "{\"file_name\": %q, \"text\": \"a red ring %d\"}\n", name, i%5)
	}
	if captions {
		put(t, filepath.Join(dir, "metadata.jsonl"), lines.String())
	}
	return dir
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// alone gives the test folders of its own for what the program keeps.
func alone(t testing.TB) {
	t.Helper()
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME"} {
		t.Setenv(name, t.TempDir())
	}
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
}

// call runs the program and wants it to succeed.
func call(t testing.TB, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	if rc := run(t.Context(), args, &out, &err); rc != 0 {
		t.Fatalf("evaluate %q: rc = %d, stderr = %s", args, rc, &err)
	}
	return out.String(), err.String()
}

// callJSON runs the program with --json.
func callJSON(t testing.TB, args ...string) result {
	t.Helper()
	stdout, _ := call(t, append(args, "--json")...)
	var r result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("stdout is no JSON: %v\n%s", err, stdout)
	}
	return r
}

// onWrite calls back for everything that is written.
type onWrite func(text string)

func (f onWrite) Write(b []byte) (int, error) { f(string(b)); return len(b), nil }

var _ io.Writer = onWrite(nil)
