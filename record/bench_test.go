package record_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/addlab/addlab/record"
)

// Results are data that benchstat compares: benchstat -col /cell results.txt
func ExampleWriteBench() {
	env := record.Environment{OS: "linux", Arch: "amd64", Engine: "xla:cpu", Commit: "0123abc", Dirty: true}
	units := []record.Unit{{Name: "FID", Better: "lower"}, {Name: "CLIP", Better: "higher"}}
	err := record.WriteBench(os.Stdout, env.Header(), units, []record.Bench{{
		Name:     "ADD",
		Labels:   []record.Pair{{Key: "axis", Value: "disc-cond"}, {Key: "cell", Value: "both"}, {Key: "seed", Value: "1"}},
		Measures: []record.Measure{{Value: 20.6, Unit: "FID"}, {Value: 0.319, Unit: "CLIP"}},
	}})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// goos: linux
	// goarch: amd64
	// engine: xla:cpu
	// commit: 0123abc+dirty
	// Unit FID better=lower
	// Unit CLIP better=higher
	//
	// BenchmarkADD/axis=disc-cond/cell=both/seed=1 1 20.6 FID 0.319 CLIP
}

func TestWriteBenchRefuses(t *testing.T) {
	bench := func(name, key, value, unit string, x float64) []record.Bench {
		return []record.Bench{{Name: name, Labels: []record.Pair{{Key: key, Value: value}}, Measures: []record.Measure{{Value: x, Unit: unit}}}}
	}
	for _, c := range []struct {
		reason  string
		header  []record.Pair
		units   []record.Unit
		benches []record.Bench
		want    string
	}{
		{"the format wants lower-case keys", []record.Pair{{Key: "Engine", Value: "go"}}, nil, nil, `header "Engine"`},
		{"an empty value deletes a key", []record.Pair{{Key: "engine", Value: " "}}, nil, nil, `header "engine"`},
		{"two lines are two keys", []record.Pair{{Key: "engine", Value: "a\nb"}}, nil, nil, `header "engine"`},
		{"a direction is lower or higher", nil, []record.Unit{{Name: "FID", Better: "less"}}, nil, `unit "FID"`},
		{"a name begins with a capital", nil, nil, bench("add", "a", "b", "FID", 1), `name = "add"`},
		{"a space ends the name", nil, nil, bench("ADD", "cell", "a b", "FID", 1), `label cell = "a b"`},
		{"a slash begins a label", nil, nil, bench("ADD", "cell", "a/b", "FID", 1), `label cell = "a/b"`},
		{"an empty label", nil, nil, bench("ADD", "cell", "", "FID", 1), `label cell = ""`},
		{"-4 at the end means 4 processors", nil, nil, bench("ADD", "cell", "lambda-4", "FID", 1), "number of processors"},
		{"NaN is no sample", nil, nil, bench("ADD", "a", "b", "FID", math.NaN()), "FID = NaN"},
		{"a unit is a word", nil, nil, bench("ADD", "a", "b", "", 1), `unit = ""`},
		{"a line without values", nil, nil, []record.Bench{{Name: "ADD"}}, "at least one measure"},
	} {
		err := record.WriteBench(&bytes.Buffer{}, c.header, c.units, c.benches)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want … %s …", c.reason, err, c.want)
		}
	}
}
