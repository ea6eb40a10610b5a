package record

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

type tinyConfig struct {
	Name  string    `json:"name"`
	Seed  int64     `json:"seed"`
	LR    float64   `json:"lr"`
	R1    *float64  `json:"r1"`
	On    bool      `json:"on"`
	Sizes []int     `json:"sizes"`
	Inner tinyInner `json:"inner"`
}

type tinyInner struct {
	Steps  int     `json:"steps"`
	Lambda float32 `json:"lambda"`
}

func mustHash(t *testing.T, config any) string {
	t.Helper()
	hash, err := Hash(config)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestHashIsThatOfPlainJSON pins a name computed by Python 3.11:
// sha256(json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()[:12].
// Runs are found by their names, so a change here loses all earlier ones.
func TestHashIsThatOfPlainJSON(t *testing.T) {
	config := map[string]any{
		"name": "b<c>&é", "seed": int64(9007199254740993), "scale": 1.0, "zero": math.Copysign(0, -1),
		"data": map[string]any{"size": 32, "sets": []any{"x", nil, true}},
	}
	if got, want := mustHash(t, config), "49f40d8def4b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHashDependsOnContentOnly(t *testing.T) {
	config := tinyConfig{Name: "a", Seed: 3, LR: 2, Sizes: []int{1, 2}, Inner: tinyInner{Steps: 4, Lambda: 2.5}}
	want := mustHash(t, config)

	path := filepath.Join(t.TempDir(), "config.json")
	if err := WriteJSON(path, config); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for reason, same := range map[string]any{
		"pointer":     &config,
		"config.json": json.RawMessage(b),
		"map": map[string]any{"inner": map[string]any{"lambda": 2.5, "steps": 4}, "sizes": []float64{1, 2},
			"on": false, "r1": nil, "lr": 2, "seed": 3, "name": "a"},
		"other order and spelling": json.RawMessage(`{"seed":3e0,"lr":2.0,"name":"\u0061","r1":null,"on":false,"sizes":[1,2],"inner":{"steps":4,"lambda":25e-1}}`),
	} {
		if got := mustHash(t, same); got != want {
			t.Errorf("%s: got %s, want %s", reason, got, want)
		}
	}
}

func TestHashDependsOnEachField(t *testing.T) {
	one := 1.0
	seen := map[string]string{mustHash(t, tinyConfig{}): "nothing"}
	change := func(name string, set func(c *tinyConfig)) {
		var c tinyConfig
		set(&c)
		hash := mustHash(t, c)
		if before, ok := seen[hash]; ok {
			t.Errorf("changing %s gives the same name as %s", name, before)
		}
		seen[hash] = name
	}
	change("Name", func(c *tinyConfig) { c.Name = "1" })
	change("Seed", func(c *tinyConfig) { c.Seed = 1 })
	change("a seed beyond float64", func(c *tinyConfig) { c.Seed = 1<<53 + 1 })
	change("its neighbour", func(c *tinyConfig) { c.Seed = 1 << 53 })
	change("LR", func(c *tinyConfig) { c.LR = 1 })
	change("LR by one digit", func(c *tinyConfig) { c.LR = math.Nextafter(1, 2) })
	change("R1", func(c *tinyConfig) { c.R1 = &one })
	change("On", func(c *tinyConfig) { c.On = true })
	change("Sizes", func(c *tinyConfig) { c.Sizes = []int{1} })
	change("Sizes' length", func(c *tinyConfig) { c.Sizes = []int{} })
	change("Inner.Steps", func(c *tinyConfig) { c.Inner.Steps = 1 })
	change("Inner.Lambda", func(c *tinyConfig) { c.Inner.Lambda = 1 })
	if n := reflect.TypeFor[tinyConfig]().NumField(); n != 7 {
		t.Errorf("tinyConfig has %d fields: change each of them above", n)
	}
}

func TestHashRefuses(t *testing.T) {
	for reason, config := range map[string]any{
		"no config":       nil,
		"a number":        3,
		"a list":          []int{1},
		"NaN has no JSON": map[string]float64{"lr": math.NaN()},
		"a function":      map[string]any{"f": func() {}},
	} {
		if hash, err := Hash(config); err == nil {
			t.Errorf("%s: got %s, want an error", reason, hash)
		}
	}
}
