package published

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func read(t *testing.T, text string) *Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "unet", "config.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return Read(file)
}

func TestEveryFieldIsTakenOrRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"width": 3, "act": "silu", "seed": 1, "_note": 2}`: "",
		`{"width": null}`:       "",
		`{"width": "3"}`:        `unet/config.json: width = "3", want a value of type int`,
		`{"act": "gelu"}`:       `unet/config.json: act = "gelu", want "silu" or null`,
		`{"act": -Infinity}`:    `unet/config.json: act = "-Infinity", want "silu" or null`,
		`{"new": [1, 2]}`:       `unet/config.json: new = [1, 2], want no such field: it is unknown here`,
		`{"act": 1, "more": 1}`: `unet/config.json: act = 1, want "silu" or null`,
	} {
		c, width := read(t, text), 5
		c.Take("width", &width)
		c.Only("act", "silu", nil)
		c.Ignore("seed")
		got := ""
		if err := c.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: error %q, want %q", text, got, want)
		}
		if want == "" && width != 3 && width != 5 {
			t.Errorf("%s: width = %d", text, width)
		}
	}
}

func TestFaultsOfFiles(t *testing.T) {
	if c := Read(filepath.Join(t.TempDir(), "config.json")); !c.Missing() || c.Err() == nil {
		t.Errorf("error = %v, want that the file is missing", c.Err())
	}
	if c := read(t, "[1]"); c.Missing() || c.Err() == nil {
		t.Error("a list passes for an object")
	}
}

func TestNumbersThatJSONLacksAreQuotedAndUnquoted(t *testing.T) {
	for python, json := range map[string]string{
		`{"a": -Infinity, "b":Infinity, "c": NaN}`:     `{"a": "-Infinity", "b":"Infinity", "c": "NaN"}`,
		`{"a": 1, "b": "Infinity war", "c": ["NaNs"]}`: `{"a": 1, "b": "Infinity war", "c": ["NaNs"]}`,
	} {
		if got := string(Quote([]byte(python))); got != json {
			t.Errorf("%s quoted is %s, want %s", python, got, json)
		}
		if got := string(Unquote([]byte(json))); got != python {
			t.Errorf("%s unquoted is %s, want %s", json, got, python)
		}
	}
}

func TestValuesByNameAreReadAsAFileIs(t *testing.T) {
	for want, values := range map[string]map[string]any{
		"": {"width": 3, "act": nil, "seed": 1.5, "more": "Infinity"},
		`Net: width = "3", want a value of type int`:                   {"width": "3"},
		`Net: more = "-Infinity", want "Infinity"`:                     {"more": math.Inf(-1)},
		`Net: act is a []float64, want a value of JSON`:                {"act": []float64{math.NaN()}},
		`Net: new = {"a":[1]}, want no such field: it is unknown here`: {"new": map[string]any{"a": []any{1}}},
	} {
		c, width := Of("Net", values), 0
		c.Take("width", &width)
		c.Only("act", nil)
		c.Only("more", "Infinity")
		c.Ignore("seed")
		got := ""
		if err := c.Err(); err != nil {
			got = err.Error()
		} else if width != 3 {
			t.Errorf("width = %d, want 3", width)
		}
		if got != want {
			t.Errorf("error %q, want %q", got, want)
		}
	}
}
