// Package hub fetches data sets and models from the HuggingFace hub into the cache that HuggingFace's own programs use.
package hub

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/go-huggingface/hub"

	"github.com/addlab/addlab/internal/download"
)

// MayFetch obeys the variables by which users forbid downloads. HF_HUB_OFFLINE is read as huggingface_hub does.
func MayFetch() bool {
	offline := slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(os.Getenv("HF_HUB_OFFLINE")))
	return !download.Off() && !offline
}

// UserCache is the folder of the user's caches.
func UserCache() string {
	home, _ := os.UserHomeDir()
	return cmp.Or(os.Getenv("XDG_CACHE_HOME"), filepath.Join(home, ".cache"))
}

// Cache is the folder of repositories, where huggingface_hub keeps them.
func Cache() string {
	return cmp.Or(os.Getenv("HF_HUB_CACHE"), filepath.Join(home(), "hub"))
}

func home() string {
	return cmp.Or(os.Getenv("HF_HOME"), filepath.Join(UserCache(), "huggingface"))
}

// Token is what the hub asks for where a repository is private or gated: HF_TOKEN, or what `hf auth login` wrote.
func Token() string {
	if token := strings.TrimSpace(os.Getenv("HF_TOKEN")); token != "" {
		return token
	}
	written, _ := os.ReadFile(cmp.Or(os.Getenv("HF_TOKEN_PATH"), filepath.Join(home(), "token")))
	return strings.TrimSpace(string(written))
}

// tries bounds how often files are asked for whose connection breaks.
const tries = 3

// Download fetches files of a repository and gives their places in the cache. go-huggingface takes a connection that breaks for the
// end of the file, without an error; the link in the snapshot then leads nowhere.
func Download(ctx context.Context, repo *hub.Repo, names ...string) ([]string, error) {
	broken := -1
	for range tries {
		paths, err := repo.DownloadFilesCtx(ctx, names...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(names, ", "), FirstLine(cause(err)))
		}
		broken = slices.IndexFunc(paths, func(path string) bool { _, err := os.Stat(path); return err != nil })
		if broken < 0 {
			return paths, nil
		}
	}
	return nil, fmt.Errorf("%s: the connection broke %d times: the same command goes on with this file", names[broken], tries)
}

// cause leaves out what go-huggingface tells of itself.
func cause(err error) error {
	for c, ok := err.(interface{ Cause() error }); ok; c, ok = err.(interface{ Cause() error }) {
		err = c.Cause()
	}
	return err
}

// FirstLine keeps stack traces out of messages; the cause stays known to errors.Is.
func FirstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return shortError{line, err}
}

type shortError struct {
	line string
	err  error
}

func (e shortError) Error() string { return e.line }
func (e shortError) Unwrap() error { return e.err }
