package discriminator

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
)

// FeatureNet is a frozen network: pictures [B,H,W,3] in [-1,1] → taps, each [B,1+T,C], CLS first.
// It normalises its input itself.
type FeatureNet func(img *Node) []*Node

// Features gives the inputs of the heads, one [B,T,C] per tap: pictures [B,H,W,3] as View shows them pass through the frozen network.
func Features(net FeatureNet, img, params *Node, cfg Config) []*Node {
	taps := net(View(img, params, cfg))
	tokens := make([]*Node, len(taps))
	for k, tap := range taps {
		tokens[k] = Tokens(tap)
	}
	last := len(tokens) - 1
	tokens[last] = besideNext(tokens[last], cfg.Group())
	return tokens
}

// Tokens adds the CLS token to every patch token and drops it: [B,1+T,C] → [B,T,C].
func Tokens(tap *Node) *Node {
	tap.AssertRank(3)
	cls := Slice(tap, AxisRange(), AxisRangeFromStart(1), AxisRange())
	return Add(Slice(tap, AxisRange(), AxisRangeToEnd(1), AxisRange()), cls)
}

// besideNext puts beside every token how far it is from that of the next picture of its group, the first being next to the last:
// [B,T,C] → [B,T,2C], and x itself in groups of one.
func besideNext(x *Node, group int) *Node {
	if group == 1 {
		return x
	}
	dims := x.Shape().Dimensions
	groups := Reshape(x, dims[0]/group, group, dims[1], dims[2])
	next := Concatenate([]*Node{Slice(groups, AxisRange(), AxisRangeToEnd(1)), Slice(groups, AxisRange(), AxisRangeFromStart(1))}, 1)
	return Concatenate([]*Node{x, Abs(Sub(x, Reshape(next, dims...)))}, 2)
}

// DrawView draws how one batch of size×size pictures is shown to the feature network: [batch, AugmentParams].
// Real and generated pictures are shown by separate draws, pictures of one caption alike.
func DrawView(r *rand.Rand, cfg Config, batch, size int) []float32 {
	if !cfg.Augment {
		return IdentityAugment(batch)
	}
	group := cfg.Group()
	each, params := DrawAugment(r, batch/group, size, cmp.Or(float32(cfg.AugmentColor), 1), cmp.Or(float32(cfg.AugmentShift), 1)), []float32(nil)
	for row := range slices.Chunk(each, AugmentParams) {
		params = append(params, slices.Repeat(row, group)...)
	}
	return params
}

// View shows pictures [B,H,W,3] to the feature network by params [B,AugmentParams]: with DiffAugment, or as they are.
func View(img, params *Node, cfg Config) *Node {
	if cfg.Augment {
		img = Augment(img, params)
	}
	return img
}

// resample applies one matrix to the lines and one to the columns of every picture: x [B,H,W,C], rows [B,H',H], columns [B,W',W] →
// [B,H',W',C].
func resample(x, rows, columns *Node) *Node {
	x = DotGeneral(rows, []int{2}, []int{0}, x, []int{1}, []int{0})    // [B,H',W,C]
	x = DotGeneral(columns, []int{2}, []int{0}, x, []int{2}, []int{0}) // [B,W',H',C]
	return Transpose(x, 1, 2)
}

// Conditions are what heads can be told. Those that a Config leaves out may be nil.
type Conditions struct {
	Text, Image *Node // [B,·]: c_text, c_img
	Level       *Node // [B]: t of the noise that the features see
	StudentTime *Node // [B]: s
}

// Condition joins what cfg lets the heads see → [B,E]; nil when that is nothing. With CondRMS each part has unit root mean square per
// sample, so that all weigh the same. A row of zeros (c_img at s = τ_n, where x_s is pure noise) stays zero. No gradient reaches the
// networks that made them.
func Condition(cfg Config, in Conditions) *Node {
	var parts []*Node
	add := func(on bool, name string, c *Node) {
		if !on {
			return
		}
		if c == nil {
			panic(fmt.Errorf("discriminator: %s condition = nil, want [B,E] as the Config asks for it", name))
		}
		c.AssertRank(2)
		c = StopGradient(c)
		if cfg.CondRMS {
			c = Div(c, Sqrt(AddScalar(ReduceAndKeep(Square(c), ReduceMean, 1), 1e-12)))
		}
		parts = append(parts, c)
	}
	add(cfg.Text, "text", in.Text)
	add(cfg.Image, "image", in.Image)
	add(cfg.Level, "level", waves(in.Level))
	add(cfg.StudentTime, "student_time", waves(in.StudentTime))
	if parts == nil {
		return nil
	}
	return Concatenate(parts, 1)
}

// timeWidth is the number of values that tell heads a time.
const timeWidth = 8

// waves are cosines and sines of t [B] in [0,1], of half a turn, one, two and four: [B,timeWidth], nil of nil.
func waves(t *Node) *Node {
	if t == nil {
		return nil
	}
	angles := Mul(InsertAxes(t, 1), ConvertDType(Const(t.Graph(), [][]float64{{math.Pi, 2 * math.Pi, 4 * math.Pi, 8 * math.Pi}}), t.DType()))
	return Concatenate([]*Node{Cos(angles), Sin(angles)}, 1)
}
