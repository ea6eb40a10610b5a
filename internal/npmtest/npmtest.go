// Package npmtest helps tests of what comes in packages of the npm registry.
package npmtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/npm"
)

// Pack makes a package of names and contents in turn.
func Pack(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(files); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: "package/" + files[i], Mode: 0o644, Size: int64(len(files[i+1]))})
		if _, err2 := io.WriteString(w, files[i+1]); err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Pinned is a package with these contents.
func Pinned(name, version string, data []byte) npm.Package {
	sum := sha512.Sum512(data)
	return npm.Package{Name: name, Version: version, Integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:]), Size: int64(len(data))}
}

// Registry is a registry of packages.
type Registry struct {
	packages map[string][]byte // by path
}

// Serve makes a registry the one that is asked, until the test ends. Downloads are allowed.
func Serve(t testing.TB) *Registry {
	t.Helper()
	r := &Registry{packages: map[string][]byte{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	t.Setenv("npm_config_registry", server.URL+"/mirror/")
	t.Setenv(download.OffEnv, "")
	return r
}

// Add publishes a package.
func (r *Registry) Add(p npm.Package, data []byte) {
	base := p.Name[strings.LastIndex(p.Name, "/")+1:]
	r.packages["/mirror/"+p.Name+"/-/"+base+"-"+p.Version+".tgz"] = data
}

func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	data, ok := r.packages[q.URL.Path]
	switch {
	case q.Method == http.MethodHead:
	case !ok:
		http.NotFound(w, q)
	default:
		http.ServeContent(w, q, "", time.Time{}, bytes.NewReader(data))
	}
}

// Network is one with little patience.
func Network() *download.Network { return &download.Network{Patience: 5 * time.Second} }
