package protocol

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/pretrain"
)

// The gate of the probe is decided where the worst attribute's interval lies on one side of it; the report says of how many pictures.
func TestProbeGate(t *testing.T) {
	align := 1.0
	for _, test := range []struct {
		why  string
		size pretrain.Hits
		want string
	}{
		{"far above", pretrain.Hits{Right: 1886, Of: 2000}, "0.9430 [0.9320, 0.9523] of 2000 (size) | reached |"},
		{"above, but within the error", pretrain.Hits{Right: 91, Of: 100}, "0.9100 [0.8377, 0.9519] of 100 (size) | undecided |"},
		{"below, but within the error", pretrain.Hits{Right: 89, Of: 100}, "0.8900 [0.8137, 0.9375] of 100 (size) | undecided |"},
		{"below", pretrain.Hits{Right: 1769, Of: 2000}, "0.8845 [0.8697, 0.8978] of 2000 (size) | **not reached** |"},
	} {
		q := Quality{Real: Metrics{Align: &align, AllCorrect: &align}, Teacher: Metrics{Align: &align, AllCorrect: &align}}
		var err error
		if q.Probe, err = NewRates(map[string]pretrain.Hits{"size": test.size, "colour": {Right: 10, Of: 10}}); err != nil {
			t.Fatal(err)
		}
		q.Classifier = q.Probe
		var text strings.Builder
		if err := q.Markdown(&text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), test.want) {
			t.Errorf("%s: want %q in\n%s", test.why, test.want, &text)
		}

		file, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		var again Quality
		if err := json.Unmarshal(file, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(q, again); diff != "" {
			t.Errorf("%s: written and read (-want +got):\n%s", test.why, diff)
		}
	}
	_, err := NewRates(map[string]pretrain.Hits{"size": {}})
	wantError(t, "no pictures", err, "protocol: size: ", "hits = 0 of 0")
}
