// Package npm downloads pinned packages of the npm registry. It needs no npm: a package is one tar file under a known address. Nothing
// is installed and no script of a package runs.
package npm

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/addlab/addlab/internal/download"
)

// Package is a package of one version and checksum.
type Package struct {
	Name, Version string
	Integrity     string // SHA-512 of its tar file, as package-lock.json writes it
	Size          int64  // bytes of its tar file
}

func (p Package) String() string { return p.Name + "@" + p.Version }

// File is the name of the tar file, as `npm pack` chooses it.
func (p Package) File() string {
	return strings.ReplaceAll(strings.TrimPrefix(p.Name, "@"), "/", "-") + "-" + p.Version + ".tgz"
}

// stall is how long a download may bring nothing.
const stall = time.Minute

// Fetch brings the tar file into dir and returns its path. A file that is there, put by hand or left by an earlier call, is checked and
// taken; a part of it is continued. Progress is told when it begins, now and then, and at the end.
func (p Package) Fetch(ctx context.Context, dir string, progress func(format string, args ...any), n *download.Network) (string, error) {
	whole := filepath.Join(dir, p.File())
	if _, err := os.Stat(whole); err == nil {
		return whole, p.check(whole)
	}
	if download.Off() {
		return "", fmt.Errorf("%s is set", download.OffEnv)
	}
	registry, err := registryOf(p.Name)
	if err != nil {
		return "", err
	}
	address := registry + "/" + p.Name + "/-/" + path.Base(p.Name) + "-" + p.Version + ".tgz"
	if err := n.Reach(ctx, registry); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	part := whole + ".part"
	if err := p.download(ctx, address, part, progress, n); err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	if err := p.check(part); err != nil {
		return "", errors.Join(err, os.Remove(part))
	}
	return whole, os.Rename(part, whole)
}

// download appends what is missing to the file part.
func (p Package) download(ctx context.Context, address, part string, progress func(string, ...any), n *download.Network) (err error) {
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil || have == p.Size {
		return err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %v", stall)) })
	defer timer.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	response, err := n.Client.Do(request)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return cause(ctx, err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusPartialContent && strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)):
	case response.StatusCode == http.StatusOK || response.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		have = 0
		if err := file.Truncate(0); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return errors.New("what was there did not belong to it; the next call starts anew")
		}
	default:
		return fmt.Errorf("the registry answers %s", response.Status)
	}

	start := time.Now()
	progress("fetching %s (%.0f MB) from %s", p, float64(p.Size)/1e6, request.URL.Host)
	told := start
	body := io.LimitReader(response.Body, p.Size-have+1) // a longer file is not the pinned one either
	for buffer := make([]byte, 1<<18); ; {
		k, err := body.Read(buffer)
		if _, err := file.Write(buffer[:k]); err != nil {
			return err
		}
		have += int64(k)
		timer.Reset(stall)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%w after %.1f of %.1f MB, which the next call continues", cause(ctx, err), float64(have)/1e6, float64(p.Size)/1e6)
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			progress("%s: %.0f of %.0f MB", p, float64(have)/1e6, float64(p.Size)/1e6)
		}
	}
	progress("%s is here after %.1f s", p, time.Since(start).Seconds())
	return nil
}

// cause is why a context ended, where that is why a request failed.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// check compares a file with the checksum.
func (p Package) check(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != p.Integrity {
		return fmt.Errorf("%s: checksum = %s, want %s of %s: %w", path, got, p.Integrity, p, download.ErrAltered)
	}
	return nil
}
