package diffusion

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Every state of a sampler is that of diffusers' scheduler of the same name, on the same times.
func TestSamplersFollowDiffusers(t *testing.T) {
	text, err := os.ReadFile("testdata/schedulers.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Runs map[string]map[int][][]float64 // by name and number of steps
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sampler Sampler
		// UniPC's scheduler stays in the double precision that it is given. The others compute in single, Euler's for x/α, which is up to 15 times x.
		tolerance float64
	}{{DPMSolverPP2M{}, 1e-6}, {UniPC{}, 1e-9}, {Euler{Grid: GridTime}, 1e-5}, {EulerAncestral{Grid: GridTime}, 1e-5}} {
		runs := file.Runs[test.sampler.Name()]
		if len(runs) == 0 {
			t.Errorf("no run of %s", test.sampler.Name())
		}
		for steps, want := range runs {
			t.Run(test.sampler.Name()+"/"+strconv.Itoa(steps), func(t *testing.T) {
				plan, err := test.sampler.Plan(StableDiffusion{}, steps)
				if err != nil {
					t.Fatal(err)
				}
				var got [][]float64
				end := Apply(plan, want[0], func(x []float64, u float64) []float64 {
					got = append(got, x)
					out := make([]float64, len(x))
					for i := range x {
						out[i] = math.Tanh(1.5*x[i] - 0.4 + u)
					}
					return out
				}, func() []float64 {
					step := float64(len(got) - 1)
					return []float64{math.Sin(3*step + 1), math.Cos(5*step + 2)}
				})
				if diff := cmp.Diff(want, append(got, end), cmpopts.EquateApprox(0, test.tolerance)); diff != "" {
					t.Errorf("states (-diffusers +ours):\n%s", diff)
				}
			})
		}
	}
}
