package pretrain

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train/optim"
)

// tinySelf is a self-distillation of 4 patches.
func tinySelf(patches bool) SelfDistillation {
	return SelfDistillation{Net: network.ViTConfig{ImageSize: tinyworld.Size, Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch", LayerScale: patches}, Patches: patches}
}

const selfBatch = 3

func selfInputs(mask []float32) []any {
	return []any{
		graphtest.Normals(1, 2*selfBatch, tinyworld.Size, tinyworld.Size, 3), tensors.FromFlatDataAndDimensions(mask, 2*selfBatch, 4),
		graphtest.Normals(2, 2*selfBatch, tinyworld.Size, tinyworld.Size, 3),
	}
}

// probabilities are the softmax of k values at a temperature.
func probabilities(logits []float32, temperature float64) []float64 {
	return scaled(exponentials(logits, temperature), 1)
}

func exponentials(logits []float32, temperature float64) []float64 {
	p := make([]float64, len(logits))
	for i, v := range logits {
		p[i] = math.Exp(float64(v) / temperature)
	}
	return p
}

// scaled gives values a sum.
func scaled(x []float64, want float64) []float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	for i := range x {
		x[i] *= want / sum
	}
	return x
}

// assignments are those of SwAV's listing: the matrix of exponentials, whose columns (prototypes) and rows (pictures) are scaled in turns.
func assignments(logits []float32) [][]float64 {
	rows := len(logits) / prototypes
	q := make([][]float64, rows)
	for i := range q {
		q[i] = exponentials(logits[i*prototypes:(i+1)*prototypes], teacherTemperature)
	}
	for range sinkhornSteps {
		for k := range prototypes {
			column := make([]float64, rows)
			for i := range q {
				column[i] = q[i][k]
			}
			for i, v := range scaled(column, 1/float64(prototypes)) {
				q[i][k] = v
			}
		}
		for i := range q {
			scaled(q[i], 1)
		}
	}
	return q
}

func crossEntropyOf(target, q []float64) (h float64) {
	for i, p := range target {
		h -= p * math.Log(q[i])
	}
	return h
}

// The loss is DINO's (algorithm 1, with local views): every view of the student against the other global view of the average, and
// iBOT's over the masked patches; here written as loops over the logits.
func TestSelfDistillationIsDINOs(t *testing.T) {
	mask := make([]float32, 2*selfBatch*4)
	for _, i := range []int{0, 5, 6, 21} {
		mask[i] = 1
	}
	store := model.NewStore()
	network.Seed(store, 1)
	s := tinySelf(true)
	graphtest.Run(t, store, func(root *model.Scope, in []*Node) []*Node { // creates everything
		loss, _, _, _ := s.Loss(root, in[0], in[1], in[2])
		return []*Node{loss}
	}, selfInputs(mask)...)
	for v := range store.Scope("/features").IterVariables() { // the student must not be its average
		x := tensors.MustCopyFlatData[float32](v.MustValue())
		for i, z := range rng.Normal(rng.New(4, v.Path(), 0), len(x)) {
			x[i] += 0.1 * z
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(x, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}

	var logits [][]float32
	for _, x := range graphtest.Run(t, store, func(root *model.Scope, in []*Node) []*Node {
		far := s.assign(root.At("features"), in[0], in[1])
		near := s.assign(root.At("features"), in[2], ZerosLike(in[1]))
		seen := s.assign(root.At("average"), in[0], ZerosLike(in[1]))
		return []*Node{far.class, near.class, seen.class, far.patches, seen.patches}
	}, selfInputs(mask)...) {
		logits = append(logits, tensors.MustCopyFlatData[float32](x))
	}
	row := func(x []float32, i int) []float32 { return x[i*prototypes : (i+1)*prototypes] }
	classes, inPatches := assignments(logits[2]), assignments(logits[4])
	var views float64
	terms := 0
	for teacher := range 2 {
		for i := range selfBatch {
			target := classes[teacher*selfBatch+i]
			views += crossEntropyOf(target, probabilities(row(logits[0], (1-teacher)*selfBatch+i), studentTemperature))
			for v := range 2 {
				views += crossEntropyOf(target, probabilities(row(logits[1], v*selfBatch+i), studentTemperature))
			}
			terms += 3
		}
	}
	views /= float64(terms)
	var patches float64
	for i, m := range mask {
		if m == 1 {
			target := inPatches[i]
			patches += crossEntropyOf(target, probabilities(row(logits[3], i), studentTemperature)) / 4
		}
	}

	got := graphtest.Run(t, store, func(root *model.Scope, in []*Node) []*Node {
		_, views, patches, entropy := s.Loss(root, in[0], in[1], in[2])
		return []*Node{views, patches, entropy}
	}, selfInputs(mask)...)
	near(t, "loss over views", views, scalar(got[0]), 1e-4)
	near(t, "loss over patches", patches, scalar(got[1]), 1e-4)
	if e := scalar(got[2]); !(e > 0 && e <= 1) {
		t.Errorf("entropy = %g, want in (0,1]", e)
	}
}

// However one-sided the logits, the targets of many pictures share the prototypes out.
func TestTargetsUseAllPrototypes(t *testing.T) {
	const pictures = 512
	logits := rng.Normal(rng.New(1, "logits", 0), pictures*prototypes)
	for i := range logits {
		logits[i] = 0.1*logits[i] + float32(i%prototypes)/prototypes // the last ones are far ahead
	}
	got := tensors.MustCopyFlatData[float32](graphtest.Run(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{targets(in[0])}
	}, tensors.FromFlatDataAndDimensions(logits, pictures, prototypes))[0])
	use := make([]float64, prototypes)
	for i, v := range got {
		use[i%prototypes] += float64(v)
	}
	for i := range pictures {
		var sum float64
		for _, v := range got[i*prototypes : (i+1)*prototypes] {
			sum += float64(v)
		}
		near(t, "sum of a picture's assignment", 1, sum, 1e-4)
	}
	if least, most := slices.Min(use), slices.Max(use); least < 0.5*pictures/prototypes || most > 2*pictures/prototypes {
		t.Errorf("prototypes are used %.3g to %.3g times, want about %d", least, most, pictures/prototypes)
	}
}

// The loss pulls at the student alone; without patches masks and local views of no use do not enter.
func TestSelfDistillationMovesTheStudent(t *testing.T) {
	for _, patches := range []bool{false, true} {
		s, store := tinySelf(patches), model.NewStore()
		network.Seed(store, 1)
		mask := make([]float32, 2*selfBatch*4)
		mask[0] = 1
		opt := adam("test")
		step := func(root *model.Scope, in []*Node) []*Node {
			g := in[0].Graph()
			store.SetTraining(g, true)
			loss, _, _, _ := s.Loss(root, in[0], in[1], in[2])
			variables := optim.Variables(root.At(selfStudent), g)
			opt.Update(variables, loss, in[3])
			optim.EMA(variables, "/"+selfStudent, "/"+selfAverage, in[4])
			return []*Node{loss}
		}
		args := append(selfInputs(mask), opt.Coefficients(1e-3, 1), float32(1)) // an average that stands still
		graphtest.Run(t, store, step, args...)
		before := snapshot(store)
		graphtest.Run(t, store, step, args...)
		var moved []string
		for path, x := range snapshot(store) {
			if scope := strings.Split(path, "/")[1]; !slices.Equal(x, before[path]) && !slices.Contains(moved, scope) {
				moved = append(moved, scope)
			}
		}
		slices.Sort(moved)
		if diff := cmp.Diff([]string{"features", "optimizer"}, moved); diff != "" {
			t.Errorf("patches = %v: moved (-want +got)\n%s", patches, diff)
		}
	}
}

func TestKoLeo(t *testing.T) {
	x := [][]float64{{3, 4}, {1, 0}, {0, 2}, {-1, -1}}
	var flat []float32
	for i, row := range x {
		norm := math.Hypot(row[0], row[1])
		x[i][0], x[i][1] = row[0]/norm, row[1]/norm
		flat = append(flat, float32(row[0]*2), float32(row[1]*2)) // lengths do not count
	}
	var want float64
	for i := range x {
		least := math.Inf(1)
		for j := range x {
			if i != j {
				least = min(least, math.Hypot(x[i][0]-x[j][0], x[i][1]-x[j][1]))
			}
		}
		want -= math.Log(least) / 4
	}
	got := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{koLeo(in[0])} }, tensors.FromFlatDataAndDimensions(flat, 4, 2))
	near(t, "KoLeo", want, scalar(got[0]), 1e-5)
}

func TestCropsAndMasks(t *testing.T) {
	const size, n = 16, 20
	r := rng.New(1, "test", 0)
	ramp := make([]float32, n*size*size*3)
	for i := range ramp {
		ramp[i] = float32(i / 3 % size) // the column
	}
	for i, v := range drawCrops(r, ramp, size) {
		if v < 0 || v > size-1 {
			t.Fatalf("pixel %d of a crop = %g, want a column", i, v)
		}
	}
	crop := drawCrops(r, ramp, size)
	for i := range n { // a part of the ramp, enlarged: between half and four fifths of its rise
		row := crop[i*size*size*3:]
		if rise := row[(size-2)*3] - row[3]; rise < cropMin*(size-3)-1e-3 || rise > cropMax*(size-3)+1e-3 {
			t.Errorf("rise over picture %d = %g of %d", i, rise, size-3)
		}
	}
	mask, some := drawPatchMasks(r, 400, 64), 0
	for i := range 400 {
		var sum float32
		for _, v := range mask[i*64 : (i+1)*64] {
			sum += v
		}
		if sum > 0 {
			some++
			if sum < maskMin*64-1 || sum > maskMax*64 {
				t.Errorf("%g of 64 patches are masked", sum)
			}
		}
	}
	if some < 160 || some > 240 {
		t.Errorf("%d of 400 views are masked, want about half", some)
	}
}

// The average of features rises with the smaller one of warm-up and cosine; only a long training comes under the cosine.
func TestSelfDecay(t *testing.T) {
	for _, c := range []struct {
		steps, cosine int // steps that the cosine decides
		end           float64
	}{{1500, 0, 1501. / 1510}, {3407, 0, 3408. / 3417}, {20000, 17049 - 895 + 1, 20001. / 20010}} {
		cosine, last := 0, 0.0
		for step := 1; step <= c.steps; step++ {
			decay := selfDecay(step, c.steps)
			if decay < last {
				t.Fatalf("step %d of %d: decay falls from %g to %g", step, c.steps, last, decay)
			}
			if last = decay; decay < float64(1+step)/float64(10+step) {
				cosine++
			}
		}
		if cosine != c.cosine || last != c.end {
			t.Errorf("%d steps end at %.9g, %d of them by the cosine, want %.9g and %d", c.steps, last, cosine, c.end, c.cosine)
		}
	}
}
