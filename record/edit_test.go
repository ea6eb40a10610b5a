package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEditChangesWhatTheFileNames(t *testing.T) {
	type rate struct {
		Peak   float64 `json:"peak"`
		Warmup int     `json:"warmup"`
	}
	type config struct {
		Steps int  `json:"steps"`
		Muon  bool `json:"muon"`
		Rate  rate `json:"rate"`
	}
	for _, c := range []struct {
		why, text string
		want      config
		err       string
	}{
		{"one field of a nested struct", `{"rate": {"peak": 2}}`, config{7, true, rate{2, 5}}, ""},
		{"nothing", `{}`, config{7, true, rate{1, 5}}, ""},
		{"false is a value", `{"muon": false, "steps": 8}`, config{8, false, rate{1, 5}}, ""},
		{"a misspelt field", `{"rate": {"peek": 2}}`, config{}, `unknown field "peek"`},
		{"another type", `{"steps": "many"}`, config{}, "steps"},
		{"two objects", "{\"steps\": 8}\n{\"muon\": false}", config{}, "want one JSON object"},
		{"a brace too many", `{"steps": 8}, "muon": false}`, config{}, "want one JSON object"},
		{"null", `null`, config{}, "want one JSON object"},
		{"a field twice", `{"steps": 8, "steps": 9}`, config{}, "want every field once"},
		{"a field that is no value", `{"rate": {"peak": null}}`, config{}, "/rate/peak is null, want a value"},
		{"no JSON", `steps = 8`, config{}, "invalid character"},
	} {
		t.Run(c.why, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mine.json")
			if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
			got := config{7, true, rate{1, 5}}
			err := Edit(path, &got)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), path) {
					t.Errorf("error %v, want the file and %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if err := Edit(filepath.Join(t.TempDir(), "none.json"), &config{}); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("error %v, want the missing file", err)
	}
}
