package diffusion

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// Every state is that of NVIDIA's sampler, times α.
func TestHeunFollowsEDMsSampler(t *testing.T) {
	text, err := os.ReadFile("testdata/heun.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Runs []struct {
			Steps    int
			SigmaMin float64     `json:"sigma_min"`
			SigmaMax float64     `json:"sigma_max"`
			Calls    [][]float64 // σ and x̄
			End      []float64
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, run := range file.Runs {
		t.Run(strconv.Itoa(run.Steps), func(t *testing.T) {
			start, calls, err := EDMLevelsOf(network.EDMConfig{SigmaMin: run.SigmaMin, SigmaMax: run.SigmaMax}).Plan("heun", run.Steps)
			if err != nil || len(calls) != 2*run.Steps-1 {
				t.Fatalf("%d calls, error %v, want %d", len(calls), err, 2*run.Steps-1)
			}
			var plan []Step
			for _, c := range calls {
				plan = append(plan, c.Step)
			}
			var got [][]float64
			end := Apply(plan, []float64{0.8 * start, -1.3 * start}, func(x []float64, ratio float64) []float64 {
				call := calls[len(got)]
				near(t, "σ/α", call.Sigma/call.Alpha, ratio, 1e-12)
				got = append(got, []float64{ratio, x[0] / call.Alpha, x[1] / call.Alpha})
				out := make([]float64, len(x))
				for i := range x {
					out[i] = math.Tanh(1.5*x[i] - 0.4 + ratio/(1+ratio))
				}
				return out
			}, nil)
			if diff := cmp.Diff(append(run.Calls, run.End), append(got, end), cmpopts.EquateApprox(1e-12, 1e-12)); diff != "" {
				t.Errorf("states (-NVIDIA's +ours):\n%s", diff)
			}
		})
	}
}

// The other solvers go along the same levels: told the true x₀, each arrives at it.
func TestSolversGoAlongEDMsLevels(t *testing.T) {
	for _, s := range Solvers() {
		for _, steps := range []int{1, 2, 7} {
			start, calls, err := EDMLevels{Min: 0.002, Max: 80}.Plan(s.Name(), steps)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "first σ/α", calls[0].T, 80, 1e-9)
			var plan []Step
			for _, c := range calls {
				near(t, "α²+σ²", math.Hypot(c.Alpha, c.Sigma), 1, 1e-12)
				plan = append(plan, c.Step)
			}
			x0 := []float64{0.7}
			end := Apply(plan, []float64{calls[0].Alpha*x0[0] + start*1.5}, func([]float64, float64) []float64 { return x0 }, func() []float64 { return []float64{-0.3} })
			near(t, s.Name(), end[0], x0[0], 1e-9)
		}
	}
	for want, plan := range map[string]func() (float64, []Call, error){
		"steps = 0, want ≥ 1":             func() (float64, []Call, error) { return EDMLevels{0.002, 80}.Plan("heun", 0) },
		`sampler = "lcm", want one of`:    func() (float64, []Call, error) { return EDMLevels{0.002, 80}.Plan("lcm", 1) },
		"levels = 80 … 0, want them":      func() (float64, []Call, error) { return EDMLevels{0, 80}.Plan("heun", 1) },
		"levels = 0.002 … 80, want them ": func() (float64, []Call, error) { return EDMLevels{80, 0.002}.Plan("heun", 1) },
	} {
		if _, _, err := plan(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// tinyEDM is the network of weights/testdata/persistent.py below /net, and what NVIDIA's code makes of it.
func tinyEDM(t *testing.T) (net network.EDMConfig, store *model.Store, y, gradient []float32) {
	t.Helper()
	p, err := weights.ReadPersistent(tinyedm.File(t), "ema")
	if err != nil {
		t.Fatal(err)
	}
	if net, err = network.EDMFrom(p.Class, p.Arguments); err != nil {
		t.Fatal(err)
	}
	store = model.NewStore()
	if err := p.Each(func(name string, r weights.Raw) error {
		x, err := r.Floats()
		if err == nil {
			_, err = store.CreateVariable("/net/"+strings.ReplaceAll(name, ".", "/"), tensors.FromFlatDataAndDimensions(x, r.Shape...))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var want struct {
		Denoised struct{ Y, Gradient []float32 }
	}
	if err := json.Unmarshal(tinyedm.Wanted(t), &want); err != nil {
		t.Fatal(err)
	}
	return net, store, want.Denoised.Y, want.Denoised.Gradient
}

// edmLevels are levels of σ/α, flat [B,3].
func edmLevels(ratios ...float64) *tensors.Tensor {
	var flat []float32
	for _, r := range ratios {
		l := levelOf(r)
		if math.IsInf(r, 1) {
			l = level{0, 1}
		}
		flat = append(flat, float32(r/(1+r)), float32(l.alpha), float32(l.sigma))
	}
	return tensors.FromFlatDataAndDimensions(flat, len(ratios), 3)
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

func classes(numbers ...int) *tensors.Tensor {
	rows := make([]float32, 10*len(numbers))
	for i, n := range numbers {
		rows[10*i+n] = 1
	}
	return tensors.FromFlatDataAndDimensions(rows, len(numbers), 10)
}

// x̂₀ and the gradient of ½Σx̂₀² are NVIDIA's at σ = 0.002, 0.5 and 80.
func TestEDMDenoiserEqualsNVIDIAs(t *testing.T) {
	net, store, y, gradient := tinyEDM(t)
	ratios, area := []float64{0.002, 0.5, 80}, 8*8*3
	xt := hashed(3*area, 1001)
	for i := range xt {
		r := ratios[i/area]
		xt[i] *= math.Sqrt(r*r+0.25) * levelOf(r).alpha
	}
	out := graphtest.Run(t, store, func(root *model.Scope, in []*Node) []*Node {
		x0 := EDMDenoiser(root.At("net"), net)(in[0], LevelFrom(in[1]), Cond{Pooled: in[2]})
		return []*Node{x0, Gradient(MulScalar(ReduceAllSum(Square(x0)), 0.5), in[0])[0]}
	}, tensors.FromFlatDataAndDimensions(narrowed(xt), 3, 8, 8, 3), edmLevels(ratios...), classes(7, 3, 0))
	got := graphtest.Floats(out[1])
	for i := range got { // by x̄ = x/α
		got[i] *= float32(levelOf(ratios[i/area]).alpha)
	}
	for i := range ratios { // each level by its own scale
		part := func(x []float32) []float32 { return x[i*area : (i+1)*area] }
		relative(t, "x̂₀", part(y), part(graphtest.Floats(out[0])), 1e-4)
		relative(t, "gradient", part(gradient), part(got), 1e-4)
	}
}

func narrowed(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// relative wants no difference above a part of the largest value.
func relative(t *testing.T, what string, want, got []float32, tolerance float64) {
	t.Helper()
	var worst, largest float64
	for i := range want {
		worst = max(worst, math.Abs(float64(want[i]-got[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	if !(worst <= tolerance*largest) || largest == 0 {
		t.Errorf("%s: differs by %.3g, want ≤ %g of %.3g", what, worst, tolerance, largest)
	}
}

// Pure noise is read as the highest level is, and clean data stays.
func TestEDMDenoiserIsFiniteAtBothEnds(t *testing.T) {
	net, store, _, _ := tinyEDM(t)
	x := narrowed(hashed(192, 5))
	out := graphtest.Run(t, store, func(root *model.Scope, in []*Node) []*Node {
		return []*Node{EDMDenoiser(root.At("net"), net)(in[0], LevelFrom(in[1]), Cond{Pooled: in[2]})}
	}, tensors.FromFlatDataAndDimensions(slices.Concat(x, x, x), 3, 8, 8, 3), edmLevels(math.Inf(1), 80, 0), classes(7, 7, 7))
	got := graphtest.Floats(out[0])
	same(t, got[192:384], got[:192], 1e-5)
	same(t, x, got[384:], 1e-6)
}

func TestEDMDenoiserWantsAClass(t *testing.T) {
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "pooled is missing, want the one-hot class") {
			t.Errorf("panic %v, want the missing class", err)
		}
	}()
	EDMDenoiser(nil, network.EDMConfig{LabelDim: 10})(nil, Level{}, Cond{})
}
