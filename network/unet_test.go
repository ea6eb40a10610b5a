package network

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
)

// smallUNet has all that is in TinyUNet, at a tenth of the width.
func smallUNet() UNetConfig {
	cfg := TinyUNet(12)
	cfg.BlockOutChannels, cfg.Heads, cfg.CrossAttention = []int{8, 16}, []int{1, 2}, []bool{false, true}
	cfg.NormGroups, cfg.PooledDim = 4, 0
	return cfg
}

func unetOf(cfg UNetConfig) build {
	return func(scope *model.Scope, in []*Node) []*Node {
		var pooled *Node
		if len(in) > 3 {
			pooled = in[3]
		}
		y := cfg.Apply(scope, in[0], in[1], in[2], pooled)
		y.AssertDims(in[0].Shape().Dim(0), in[0].Shape().Dim(1), in[0].Shape().Dim(2), cfg.OutChannels)
		return []*Node{y}
	}
}

func TestUNetStartsAtZeroInAllItsForms(t *testing.T) {
	for why, edit := range map[string]func(*UNetConfig){
		"built-in":             func(*UNetConfig) {},
		"other channels out":   func(c *UNetConfig) { c.OutChannels = 5 },
		"no stem":              func(c *UNetConfig) { c.Stem = 1 },
		"strided convolution":  func(c *UNetConfig) { c.PoolDown = false },
		"convolution after up": func(c *UNetConfig) { c.PlainUp = false },
		"pooled text":          func(c *UNetConfig) { c.PooledDim = 6 },
		"one resolution": func(c *UNetConfig) {
			c.BlockOutChannels, c.Heads, c.CrossAttention = []int{8}, []int{2}, []bool{true}
		},
	} {
		t.Run(why, func(t *testing.T) {
			cfg := smallUNet()
			edit(&cfg)
			if err := cfg.Validate(); err != nil {
				t.Fatal(err)
			}
			args := []any{input(1, 2, 8, 8, 3), []float32{3, 700}, input(2, 2, 3, 12)}
			if cfg.PooledDim > 0 {
				args = append(args, input(3, 2, cfg.PooledDim))
			}
			store := model.NewStore()
			got := run(t, store, unetOf(cfg), args...)[0]
			equal(t, "output", make([]float32, 2*8*8*cfg.OutChannels), got, 0)
			for name, dims := range stateDict(store) {
				if strings.HasPrefix(name, "conv_out") && slices.Max(weight(t, store, name)) != 0 {
					t.Errorf("%s %v is not 0", name, dims)
				}
			}
		})
	}
}

// Weights take their shapes from what comes in: without a check at the door they would fit another config than is written down.
func TestUNetRefusesWhatItsConfigDoesNotTell(t *testing.T) {
	for why, args := range map[string][]any{
		"channels":   {input(1, 1, 8, 8, 4), []float32{3}, input(2, 1, 3, 12)},
		"text width": {input(1, 1, 8, 8, 3), []float32{3}, input(2, 1, 3, 10)},
	} {
		if _, err := tryRun(t, nil, unetOf(smallUNet()), args...); err == nil || !strings.Contains(err.Error(), "AssertDims") {
			t.Errorf("%s: error = %v, want a refusal", why, err)
		}
	}
}

// What the small scale does otherwise changes these weights and no others.
func TestSmallScaleChoicesChangeOnlyTheirWeights(t *testing.T) {
	args := []any{input(1, 1, 8, 8, 3), []float32{3}, input(2, 1, 3, 12)}
	weightsOf := func(cfg UNetConfig, args ...any) map[string][]int {
		store := model.NewStore()
		run(t, store, unetOf(cfg), args...)
		return stateDict(store)
	}
	plain := smallUNet()
	plain.Stem, plain.PoolDown, plain.PlainUp = 1, false, false
	want := weightsOf(plain, args...)
	for why, test := range map[string]struct {
		edit  func(*UNetConfig)
		apply func(want map[string][]int)
	}{
		"pooling": {func(c *UNetConfig) { c.PoolDown = true }, func(want map[string][]int) {
			delete(want, "down_blocks.0.downsamplers.0.conv.weight")
			delete(want, "down_blocks.0.downsamplers.0.conv.bias")
		}},
		"plain upsampling": {func(c *UNetConfig) { c.PlainUp = true }, func(want map[string][]int) {
			delete(want, "up_blocks.0.upsamplers.0.conv.weight")
			delete(want, "up_blocks.0.upsamplers.0.conv.bias")
		}},
		"stem": {func(c *UNetConfig) { c.Stem = 2 }, func(want map[string][]int) {
			want["conv_in.weight"], want["conv_out.weight"], want["conv_out.bias"] = []int{8, 12, 3, 3}, []int{12, 8, 3, 3}, []int{12}
		}},
		"pooled text": {func(c *UNetConfig) { c.PooledDim = 6 }, func(want map[string][]int) { // as SDXL's add_embedding
			want["add_embedding.linear_1.weight"], want["add_embedding.linear_1.bias"] = []int{32, 6}, []int{32}
			want["add_embedding.linear_2.weight"], want["add_embedding.linear_2.bias"] = []int{32, 32}, []int{32}
		}},
	} {
		cfg, want, args := plain, maps.Clone(want), args
		test.edit(&cfg)
		test.apply(want)
		if cfg.PooledDim > 0 {
			args = append(slices.Clone(args), input(3, 1, cfg.PooledDim))
		}
		if diff := cmp.Diff(want, weightsOf(cfg, args...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", why, diff)
		}
	}
}

// Guidance asks for conditional and unconditional outputs in one batch: samples must not see each other.
func TestUNetSamplesAreIndependentAndSeeTheirConditions(t *testing.T) {
	cfg := smallUNet()
	cfg.PooledDim = 12
	store := model.NewStore()
	// Sample 0 is the base; each of the others differs from it in one input.
	const size, dim = 8 * 8 * 3, 12
	x, timesteps, tokens, pooled := narrow(values(5*size, 1)), []float32{5, 5, 800, 5, 5}, narrow(values(5*3*dim, 2)), narrow(values(5*dim, 3))
	for i := 1; i < 5; i++ {
		if i != 1 {
			copy(x[i*size:(i+1)*size], x[:size])
		}
		if i != 3 {
			copy(tokens[i*3*dim:(i+1)*3*dim], tokens[:3*dim])
		}
		if i != 4 {
			copy(pooled[i*dim:(i+1)*dim], pooled[:dim])
		}
	}
	call := func(from, to int) []float32 {
		b := to - from
		return run(t, store, func(scope *model.Scope, in []*Node) []*Node {
			return unetOf(cfg)(scope, []*Node{Reshape(in[0], b, 8, 8, 3), in[1], Reshape(in[2], b, 3, dim), Reshape(in[3], b, dim)})
		}, x[from*size:to*size], timesteps[from:to], tokens[from*3*dim:to*3*dim], pooled[from*dim:to*dim])[0]
	}
	call(0, 1)
	setAll(store, 0.3)

	all := call(0, 5)
	for i, what := range []string{"itself", "picture", "timestep", "tokens", "pooled text"} {
		own := all[i*size : (i+1)*size]
		equal(t, "alone and in a batch: "+what, call(i, i+1), own, 1e-5)
		var apart float64
		for k := range own {
			apart = max(apart, math.Abs(float64(own[k]-all[k])))
		}
		if i > 0 && apart < 1e-3 {
			t.Errorf("another %s moves the output by %g only", what, apart)
		}
	}
}

// timeEmbedding is diffusers' Timesteps(flip_sin_to_cos=True, downscale_freq_shift=0) before two layers.
func TestTimeEmbedding(t *testing.T) {
	const width = 6
	times := []float64{0, 1, 249.75, 999}
	store := model.NewStore()
	graph := func(scope *model.Scope, in []*Node) []*Node { return []*Node{timeEmbedding(scope, in[0], width)} }
	run(t, store, graph, narrow(times))
	setAll(store, 0.5)

	var wave []float64
	for _, at := range times {
		for _, f := range []func(float64) float64{math.Cos, math.Sin} {
			for i := range width / 2 {
				wave = append(wave, f(at*math.Pow(10000, -float64(i)/(width/2))))
			}
		}
	}
	layer := func(x []float64, name string, in, out int) []float64 {
		return matmul(x, widen(weight(t, store, "time_embedding."+name+".weight")), widen(weight(t, store, "time_embedding."+name+".bias")), len(times), in, out)
	}
	h := layer(wave, "linear_1", width, 4*width)
	for i := range h {
		h[i] /= 1 + math.Exp(-h[i])
	}
	equal(t, "embedding", narrow(layer(h, "linear_2", 4*width, 4*width)), run(t, store, graph, narrow(times))[0], 1e-4)
}
