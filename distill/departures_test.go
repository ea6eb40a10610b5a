package distill

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asThePaper are the choices of every default config that are the paper's; what is in neither this nor departures is forgotten.
var asThePaper = map[string]string{
	"init": "pretrained", "weighting": "exp", "teacher_steps": "1", "discriminator.r1_weight": "0.00001", "discriminator.r1_every": "1",
}

// notChoices name a run and decide nothing about the method.
var notChoices = []string{"recipe", "seed"}

// Every field of a default config is the paper's choice or is in the table.
func TestEveryDefaultIsThePapersOrADeparture(t *testing.T) {
	for _, scale := range Scales {
		cfg, err := DefaultConfig(scale)
		if err != nil {
			t.Fatal(err)
		}
		values, err := fieldValues(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range departures {
			for field := range strings.SplitSeq(d.fields, ", ") {
				delete(values, field)
			}
		}
		for _, field := range notChoices {
			delete(values, field)
		}
		if diff := cmp.Diff(asThePaper, values); diff != "" {
			t.Errorf("%s: fields that are no departures (-the paper +config):\n%s", scale, diff)
		}
	}
}

// The table of each scale is a golden file: a new default or a new text shows here.
func TestDepartureTable(t *testing.T) {
	for _, scale := range Scales {
		cfg, err := DefaultConfig(scale)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DepartureTable(cfg)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "departures-"+scale+".md")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// A choice that becomes the paper's is no departure any more.
func TestThePapersChoiceIsNoDeparture(t *testing.T) {
	cfg, err := DefaultConfig("cpu")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		reduction string
		want      bool
	}{{Patch, true}, {Sum, false}} {
		cfg.Reduction = test.reduction
		table, err := DepartureTable(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(table, "`reduction`"); got != test.want {
			t.Errorf("%s: in the table: %t, want %t", test.reduction, got, test.want)
		}
	}
}
