package hub

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/internal/hubtest"
)

// write writes a file and the folders above it.
func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestTheTokenOfALoginIsSent(t *testing.T) {
	cache, home, other := hubtest.EmptyCaches(t), t.TempDir(), filepath.Join(t.TempDir(), "other")
	write(t, "of-cache\n", cache, "huggingface", "token")
	write(t, "of-home\n", home, "token")
	write(t, "of-path", other)
	for _, c := range []struct{ variable, value, want string }{
		{"HF_HOME", "", "of-cache"}, {"HF_HOME", home, "of-home"}, {"HF_TOKEN_PATH", other, "of-path"}, {"HF_TOKEN", " of-variable\n", "of-variable"},
	} {
		t.Setenv(c.variable, c.value)
		h := small()
		h.Token = c.want
		h.Start(t)
		if _, err := (Repository{ID: h.Repo, Revision: hubtest.Commit}).Fetch(t.Context(), everything, t.Logf); err != nil {
			t.Errorf("%s=%s: %v, want the token %s", c.variable, c.value, err, c.want)
		}
		if err := os.RemoveAll(Cache()); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HF_TOKEN_PATH", filepath.Join(home, "none"))
	t.Setenv("HF_TOKEN", "")
	if got := Token(); got != "" {
		t.Errorf("token = %q, want none", got)
	}
}
