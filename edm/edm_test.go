package edm

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/network/weights"
)

func tiny(t *testing.T) *Pipeline {
	t.Helper()
	return load(t, tinyedm.File(t))
}

func load(t *testing.T, file string) *Pipeline {
	t.Helper()
	m, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Load(graphtest.Engine())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// hashed are the values of network/testdata/filled.py.
func hashed(n, k int) []float64 {
	x := make([]float64, n)
	for i := range x {
		h := uint32(i)*374761393 + uint32(k)*668265263
		h = (h ^ h>>13) * 1274126177
		h ^= h >> 16
		x[i] = float64(h)/(1<<31) - 1
	}
	return x
}

// near wants no difference above a part of the largest value.
func near(t *testing.T, what string, want, got []float32, tolerance float64) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	var worst, largest float64
	for i := range want {
		worst = max(worst, math.Abs(float64(want[i]-got[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	if !(worst <= tolerance*largest) || largest == 0 {
		t.Errorf("%s: differs by %.3g, want ≤ %g of %.3g", what, worst, tolerance, largest)
	}
}

// Whatever NVIDIA's sampler asks the network for, ours asks for, and the picture is the same.
func TestDrawingFollowsNVIDIAsSampler(t *testing.T) {
	var want struct {
		Calls []struct {
			Sigma float64
			X     []float32
		}
		End, Unconditional []float32
	}
	if err := json.Unmarshal(tinyedm.Wanted(t), &want); err != nil {
		t.Fatal(err)
	}
	p := tiny(t)
	start, plan, err := p.Plan(Request{Classes: []int{7}, Steps: 4})
	if err != nil || len(plan) != len(want.Calls) {
		t.Fatalf("%d calls, %v, want %d", len(plan), err, len(want.Calls))
	}
	r := Request{Classes: []int{7}, Steps: 4, Progress: func(int, int, int) {}, Noise: noise}
	for k, call := range want.Calls {
		got, err := p.sample(t.Context(), r, start, plan[:k], 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i] /= float32(plan[k].Alpha)
		}
		near(t, "x̄", call.X, got, 1e-4)
		if ratio := plan[k].Sigma / plan[k].Alpha; math.Abs(ratio/call.Sigma-1) > 1e-9 {
			t.Errorf("call %d: σ = %g, want %g", k, ratio, call.Sigma)
		}
	}
	end, err := p.Draw(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "picture", want.End, end, 1e-4)

	end, err = load(t, tinyedm.Unconditional(t)).Draw(t.Context(), Request{Classes: []int{NoClass}, Steps: 4, Noise: noise})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "picture of no class", want.Unconditional, end, 1e-4)
}

// noise is what the reference begins with.
func noise(_, _, n int) []float32 {
	x := make([]float32, n)
	for i, v := range hashed(n, 1002) {
		x[i] = float32(v * math.Sqrt(3))
	}
	return x
}

// A picture does not depend on what is drawn beside it, but on its class, its place and the seed. Ends of batches are filled up.
func TestPicturesBelongToSeedAndPlace(t *testing.T) {
	p := tiny(t)
	p.limit = 2 // the third picture is in a batch with itself
	const area = 8 * 8 * 3
	draw := func(seed int64, sampler string, classes ...int) []float32 {
		x, err := p.Draw(t.Context(), Request{Classes: classes, Sampler: sampler, Steps: 2, Seed: seed})
		if err != nil || len(x) != area*len(classes) || p.Spent <= 0 {
			t.Fatalf("%d values in %v each, %v", len(x), p.Spent, err)
		}
		return x
	}
	several := draw(1, "", 7, 3, 7)
	near(t, "alone", several[:area], draw(1, "", 7), 1e-5)
	for what, other := range map[string][]float32{"place": several[2*area:], "class": draw(1, "", 3), "seed": draw(2, "", 7), "sampler": draw(1, "euler", 7)} {
		if slices.Equal(several[:area], other) {
			t.Errorf("another %s gives the same picture", what)
		}
	}
	if a, b := draw(1, "euler-ancestral", 7), draw(1, "euler-ancestral", 7); !slices.Equal(a, b) {
		t.Error("fresh noise of one seed differs")
	}
}

func TestProgressCountsCalls(t *testing.T) {
	p := tiny(t)
	var seen [][3]int
	if _, err := p.Draw(t.Context(), Request{Classes: []int{1}, Steps: 2, Progress: func(picture, call, calls int) { seen = append(seen, [3]int{picture, call, calls}) }}); err != nil {
		t.Fatal(err)
	}
	if want := [][3]int{{1, 1, 3}, {1, 2, 3}, {1, 3, 3}}; !slices.Equal(want, seen) {
		t.Errorf("calls %v, want %v", seen, want)
	}
}

// A saved student is asked at its own times, and by a solver along EDM's levels where one is named.
func TestASavedStudentDrawsAtItsTimes(t *testing.T) {
	p := tiny(t)
	network, err := weights.FromStore(p.store, "/")
	if err != nil {
		t.Fatal(err)
	}
	save := func(student diffusion.FewStep) (*Model, error) {
		file := filepath.Join(t.TempDir(), "new", "student.safetensors")
		if err := p.Save(file, network, student); err != nil {
			t.Fatal(err)
		}
		return Open(file)
	}
	m, err := save(diffusion.FewStep{Times: []float64{1, .75, .5, .25}, Form: diffusion.Renoise})
	if err != nil {
		t.Fatal(err)
	}
	start, plan, err := m.Plan(Request{Classes: []int{7}, Steps: 2})
	if err != nil || len(plan) != 2 || start != plan[0].Sigma || math.Abs(plan[0].T-m.Levels.Max) > 1e-9 {
		t.Fatalf("from %g by %v (%v), want two calls from %g on", start, plan, err, m.Levels.Max)
	}
	alpha, sigma := schedule{m.Levels}.AlphaSigma(.5)
	if last := plan[1]; last.Alpha != alpha || last.Sigma != sigma || plan[0].X0 != alpha || plan[0].Noise != sigma || last.Step != (diffusion.Step{T: sigma / alpha, X0: 1}) {
		t.Errorf("calls %v, want the second at α = %g, σ = %g", plan, alpha, sigma)
	}
	if _, plan, err := m.Plan(Request{Classes: []int{7}, Steps: 2, Sampler: "heun"}); err != nil || len(plan) != 3 {
		t.Errorf("Heun's calls %v (%v), want 3", plan, err)
	}
	if _, _, err := m.Plan(Request{Classes: []int{7}, Steps: 5}); err == nil || !strings.Contains(err.Error(), "steps = 5, want 1 to 4") {
		t.Errorf("error %v", err)
	}
	if _, err := save(diffusion.FewStep{Times: []float64{2}}); err == nil || !strings.Contains(err.Error(), `metadata "student": diffusion: times = [2]`) {
		t.Errorf("error %v, want the times", err)
	}
}

func TestClassesHaveNumbersAndNames(t *testing.T) {
	m, err := Open(tinyedm.File(t))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"7": 7, " 0": 0, "horse": 7, "Truck": 9} {
		if n, err := m.Class(text); err != nil || n != want {
			t.Errorf("class %q = %d, %v, want %d", text, n, err, want)
		}
	}
	unconditional, large := *m, *m
	unconditional.Network.LabelDim, large.Network.LabelDim = 0, 1000
	for want, test := range map[string]struct {
		m    *Model
		text string
	}{
		`class = "10", want 0 to 9 or one of airplane,`: {m, "10"},
		`class = "fox", want 0 to 9 or one of airplane`: {m, "fox"},
		`class = "-1", want 0 to 9`:                     {m, "-1"},
		`class = "horse", want 0 to 999`:                {&large, "horse"},
		`class = "7", want none`:                        {&unconditional, "7"},
	} {
		if _, err := test.m.Class(test.text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestRequestsRefuseByName(t *testing.T) {
	m, err := Open(tinyedm.File(t))
	if err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]Request{
		"class = 10, want 0 to 9":            {Classes: []int{10}, Steps: 1},
		"class = -1, want 0 to 9":            {Classes: []int{NoClass}, Steps: 1},
		"steps = 0, want ≥ 1":                {Classes: []int{1}},
		`sampler = "lcm", want one of ddim,`: {Classes: []int{1}, Steps: 1, Sampler: "lcm"},
	} {
		if _, _, err := m.Plan(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestFilesRefuseByName(t *testing.T) {
	whole, err := os.ReadFile(tinyedm.File(t))
	if err != nil {
		t.Fatal(err)
	}
	for want, edit := range map[string][2]string{
		`class = "VPPrecond_", want "EDMPrecond"`:         {"EDMPrecond", "VPPrecond_"},
		`decoder_type = "standarx", want "standard"`:      {"decoder_type\x94\x8c\x08standard\x94", "decoder_type\x94\x8c\x08standarx\x94"},
		`EDMPrecond: augment_dix = 9, want no such field`: {"augment_dim", "augment_dix"},
		`tensors do not fit`:                              {"map_layer1", "map_layer2"},
		`resample_filter": value 0 = 0.015625, want`:      {"]\x94(K\x01K\x03K\x03K\x01e", "]\x94(K\x01K\x05K\x05K\x01e"},
		`sigma_data = -0.5, want > 0`:                     {"\x8c\nsigma_data\x94G\x3f\xe0", "\x8c\nsigma_data\x94G\xbf\xe0"},
	} {
		file := filepath.Join(t.TempDir(), "edited.pkl")
		if len(edit[0]) != len(edit[1]) || !bytes.Contains(whole, []byte(edit[0])) {
			t.Errorf("cannot put %q in place of %q", edit[1], edit[0])
			continue
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(whole, []byte(edit[0]), []byte(edit[1])), 0o666); err != nil {
			t.Fatal(err)
		}
		m, err := Open(file)
		if err == nil {
			_, err = m.Load(graphtest.Engine())
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("error %v, want %q and the file in it", err, want)
		}
	}
	if _, err := Open("no such file.pkl"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("error %v, want the missing file", err)
	}
	for name, want := range map[string]string{"model.diffusion_model.out.0.bias": "is a single-file checkpoint", "conv_in.bias": `metadata "edm" is missing`} {
		file := filepath.Join(t.TempDir(), "v1-5-pruned.safetensors")
		if err := weights.Write(file, &weights.File{Tensors: map[string]weights.Tensor{name: {Shape: []int{1}, Data: []float32{0}}}}, weights.F32); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(file); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("error %v, want %q and the file in it", err, want)
		}
	}
}

// Muon is kept from the last layer by its name.
func TestOuterNamesTheLastLayer(t *testing.T) {
	for file, want := range map[string]string{tinyedm.File(t): "model.dec.8x8_aux_conv.weight", tinyedm.Unconditional(t): "model.dec.8x8_aux_conv.weight"} {
		m, err := Open(file)
		if err != nil {
			t.Fatal(err)
		}
		var kept []string
		for name, x := range m.tensors.Shapes() {
			if slices.ContainsFunc(preconditioned{m.Network}.Outer(), func(layer string) bool { return slices.Contains(strings.Split(name, "."), layer) }) && len(x.Shape) > 1 {
				kept = append(kept, name)
			}
		}
		if !slices.Equal(kept, []string{want}) {
			t.Errorf("kept %q, want %q", kept, want)
		}
	}
}
