// Package hub fetches data sets and models from the HuggingFace hub into the cache that HuggingFace's own programs use.
package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

func endpoint() string {
	return strings.TrimSuffix(cmp.Or(os.Getenv("HF_ENDPOINT"), "https://huggingface.co"), "/")
}

// get asks the hub for what is at an address, from byte `from` on, and gives the byte where the answer begins: 0 where a server cannot
// continue there.
func get(ctx context.Context, address string, from int64) (*http.Response, int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Accept-Encoding", "identity") // bytes are counted
	if token := Token(); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	response, err := download.Internet.Do(request)
	if err != nil {
		return nil, 0, err
	}
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return response, 0, nil
	case code == http.StatusPartialContent && strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", from)):
		return response, from, nil
	}
	defer response.Body.Close()
	if from > 0 && (response.StatusCode == http.StatusPartialContent || response.StatusCode == http.StatusRequestedRangeNotSatisfiable) {
		return get(ctx, address, 0)
	}
	var said struct{ Error string }
	text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
	_ = json.Unmarshal(text, &said)
	why, _, _ := strings.Cut(cmp.Or(said.Error, response.Header.Get("X-Error-Message"), http.StatusText(response.StatusCode)), "\n")
	return nil, 0, refusal{response.StatusCode, why}
}

// refusal is an answer without what was asked for.
type refusal struct {
	status int
	why    string
}

func (r refusal) Error() string { return fmt.Sprintf("bad status code %d: %s", r.status, r.why) }

// resume fetches the rest of a file, of which a part may be there: all of it has the name path, and until then path.part.
func resume(ctx context.Context, address, path string) error {
	name, have := path+".part", int64(0)
	if info, err := os.Stat(name); err == nil {
		have = info.Size()
	}
	response, from, err := get(ctx, address, have)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	part, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	if err = part.Truncate(from); err == nil {
		_, err = part.Seek(from, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(part, response.Body)
	}
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(name, path)
}

// tries bounds how often a file is asked for whose connection breaks.
const tries = 3

// persist resumes a file until it is whole, and gives up where it was refused or cannot be written.
func persist(ctx context.Context, address, path string, note func(string, ...any)) error {
	for try := 1; ; try++ {
		err := resume(ctx, address, path)
		var refused refusal
		var written *fs.PathError
		var renamed *os.LinkError
		switch {
		case err == nil || ctx.Err() != nil || errors.As(err, &refused) || errors.As(err, &written) || errors.As(err, &renamed):
			return err
		case try == tries:
			return fmt.Errorf("the connection broke %d times (%w): the same command continues this file", tries, err)
		}
		note("the connection broke (%v): continuing", err)
	}
}
