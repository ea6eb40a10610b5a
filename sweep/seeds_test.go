package sweep

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSeeds(t *testing.T) {
	for _, c := range []struct {
		why, text string
		want      []int64
	}{
		{"a number counts seeds from 1", "3", []int64{1, 2, 3}},
		{"a range", "0-2", []int64{0, 1, 2}},
		{"one seed", "7,", []int64{7}},
		{"a list with a range, each once", "1, 8-9,1", []int64{1, 8, 9}},
		{"no seeds", "0", nil},
		{"negative", "-3", nil},
		{"falling", "5-2", nil},
		{"a hole", "1,,2", nil},
		{"a word", "many", nil},
		{"a slip of the finger", "1-10000000", nil},
		{"nothing", "", nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			got, err := ParseSeeds(c.text)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if (err == nil) != (c.want != nil) {
				t.Errorf("error = %v", err)
			}
		})
	}
}
