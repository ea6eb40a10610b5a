package network

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// B batch, H height, W width, C channels, L labels, N width of the noise level's embedding, T width of the embedding that blocks read.

// Apply is the network without its preconditioning, F_θ of EDM eq. 7. x is [B,H,W,Channels], noise is c_noise [B] and labels are one row
// [B,L] for each picture, one-hot or zeros, nil where LabelDim is 0; returns [B,H,W,Channels].
func (c EDMConfig) Apply(scope *model.Scope, x, noise, labels *Node) *Node {
	x.AssertDims(-1, c.Resolution, c.Resolution, c.Channels)
	if c.LabelDim > 0 {
		labels.AssertDims(x.Shape().Dim(0), c.LabelDim)
	}
	u := edmUNet{song: c.song(), filter: []int{1, 1}}
	if u.song {
		u.emb, u.filter = c.songEmbedding(scope, noise, labels), c.ResampleFilter
	} else {
		u.emb = c.admEmbedding(scope, noise, labels)
	}
	if c.AugmentDim > 0 { // read in training only; zeros, which sampling gives, add nothing
		param(scope.At("map_augment"), x.Graph(), "weight", zeros, c.noiseWidth(), c.AugmentDim)
	}

	down, up := c.blocks()
	h, aux := x, x
	var skips []*Node
	for _, b := range down {
		s := scope.At("enc").At("%s", b.name)
		switch b.kind {
		case edmConv:
			h = Conv(s, h, b.out, 3)
		case edmAux: // in place of what it is added to
			aux = MulScalar(Add(h, u.convDown(s, aux, b.out)), math.Sqrt(0.5))
			h, skips = aux, skips[:len(skips)-1]
		default:
			h = u.block(s, h, b)
		}
		skips = append(skips, h)
	}
	for _, b := range up {
		if h.Shape().Dim(3) != b.in {
			h = Concatenate([]*Node{h, skips[len(skips)-1]}, 3)
			skips = skips[:len(skips)-1]
		}
		h = u.block(scope.At("dec").At("%s", b.name), h, b)
	}

	norm, out := scope.At("out_norm"), scope.At("out_conv")
	if u.song {
		norm, out = scope.At("dec").At("%dx%d_aux_norm", c.Resolution, c.Resolution), scope.At("dec").At("%dx%d_aux_conv", c.Resolution, c.Resolution)
	}
	return conv(out, SiLU(u.norm(norm, h)), c.Channels, 3, zeros)
}

// Outer names the last layer, as that of a Backbone.
func (c EDMConfig) Outer() []string {
	if c.song() {
		return []string{fmt.Sprintf("%dx%d_aux_conv", c.Resolution, c.Resolution)}
	}
	return []string{"out_conv"}
}

// TimeWaves is that of a Backbone: positional waves of c_noise = ¼ ln(σ/α) are slow.
func (c EDMConfig) TimeWaves() (layer string, frequencies []float32, err error) {
	if c.song() && c.EmbeddingType == edmFourier {
		err = fmt.Errorf("network: edm: embedding_type = %s, want %s: nearly all waves of the noise level are fast", edmFourier, edmPositional)
	}
	return "", nil, err
}

// songEmbedding is what DDPM++ and NCSN++ tell their blocks of noise [B] and labels [B,L]; returns [B,T].
func (c EDMConfig) songEmbedding(scope *model.Scope, noise, labels *Node) *Node {
	half, width := c.noiseWidth()/2, c.ModelChannels*c.ChannelMultEmb
	var frequencies *Node
	if c.EmbeddingType == edmFourier { // fixed random numbers
		frequencies = param(scope.At("map_noise"), noise.Graph(), "freqs", gaussian(16), half)
		frequencies = MulScalar(StopGradient(frequencies), 2*math.Pi)
	} else {
		frequencies = Const(noise.Graph(), edmFrequencies(half, half-1))
	}
	angles := Mul(InsertAxes(noise, 1), InsertAxes(frequencies, 0)) // [B,N/2]
	emb := Concatenate([]*Node{Sin(angles), Cos(angles)}, 1)        // [B,N]
	if c.LabelDim > 0 {
		emb = Add(emb, Linear(scope.At("map_label"), MulScalar(labels, math.Sqrt(float64(c.LabelDim))), c.noiseWidth(), true))
	}
	emb = SiLU(Linear(scope.At("map_layer0"), emb, width, true))
	return SiLU(Linear(scope.At("map_layer1"), emb, width, true))
}

// admEmbedding is what ADM tells its blocks of noise [B] and labels [B,L]; returns [B,T].
func (c EDMConfig) admEmbedding(scope *model.Scope, noise, labels *Node) *Node {
	half, width := c.noiseWidth()/2, c.ModelChannels*c.ChannelMultEmb
	angles := Mul(InsertAxes(noise, 1), InsertAxes(Const(noise.Graph(), edmFrequencies(half, half)), 0)) // [B,N/2]
	emb := Concatenate([]*Node{Cos(angles), Sin(angles)}, 1)                                             // [B,N]
	emb = SiLU(Linear(scope.At("map_layer0"), emb, width, true))
	emb = Linear(scope.At("map_layer1"), emb, width, true)
	if c.LabelDim > 0 {
		emb = Add(emb, Linear(scope.At("map_label"), labels, width, false))
	}
	return SiLU(emb)
}

// edmFrequencies are n frequencies that fall from 1; they would reach 1/10000 after so many steps.
func edmFrequencies(n, steps int) []float32 {
	all := make([]float32, n)
	for i := range all {
		all[i] = float32(math.Pow(10000, -float64(i)/float64(steps)))
	}
	return all
}
