package network

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
)

// B batch, H height, W width, C channels, T width of the embedding.

// edmUNet is what all blocks of a network share.
type edmUNet struct {
	song   bool
	emb    *Node // [B,T]
	filter []int // of every change of the resolution
}

// block is a residual block, followed by attention where it has it. x is [B,H,W,in]; returns [B,H,W,out], with H and W halved or doubled
// where it says so.
func (u edmUNet) block(scope *model.Scope, x *Node, b edmBlock) *Node {
	h := u.resample(SiLU(u.norm(scope.At("norm0"), x)), b)
	h = Conv(scope.At("conv0"), h, b.out, 3)
	if u.song {
		shift := Linear(scope.At("affine"), u.emb, b.out, true) // [B,out]
		h = u.norm(scope.At("norm1"), Add(h, InsertAxes(shift, 1, 1)))
	} else {
		told := InsertAxes(Linear(scope.At("affine"), u.emb, 2*b.out, true), 1, 1) // [B,1,1,2·out]
		scale, shift := Slice(told, AxisRange(), AxisRange(), AxisRange(), AxisRange(0, b.out)), Slice(told, AxisRange(), AxisRange(), AxisRange(), AxisRange(b.out))
		h = Add(Mul(u.norm(scope.At("norm1"), h), AddScalar(scale, 1.0)), shift)
	}
	h = conv(scope.At("conv1"), SiLU(h), b.out, 3, zeros)
	x = u.resample(x, b)
	if b.in != b.out || u.song && (b.down || b.up) {
		x = Conv(scope.At("skip"), x, b.out, 1)
	}
	h = u.sum(h, x)
	if b.attention {
		h = u.sum(u.attention(scope, h), h)
	}
	return h
}

// sum adds; DDPM++ and NCSN++ keep the variance of two independent terms.
func (u edmUNet) sum(a, b *Node) *Node {
	if u.song {
		return MulScalar(Add(a, b), math.Sqrt(0.5))
	}
	return Add(a, b)
}

func (u edmUNet) norm(scope *model.Scope, x *Node) *Node {
	epsilon := 1e-5
	if u.song {
		epsilon = 1e-6
	}
	return GroupNorm(scope, x, edmGroups(x.Shape().Dim(3)), epsilon)
}

// attention lets pixels attend to each other. x is [B,H,W,C]; returns the same shape. Of the channels that qkv gives, three in a row are
// query, key and value.
func (u edmUNet) attention(scope *model.Scope, x *Node) *Node {
	b, h, w, c := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	heads := 1
	if !u.song {
		heads = c / edmHead
	}
	qkv := Reshape(Conv(scope.At("qkv"), u.norm(scope.At("norm2"), x), 3*c, 1), b, h*w, c, 3)
	qkv = TransposeAllDims(qkv, 3, 0, 1, 2) // [3,B,H·W,C]
	part := func(i int) *Node { return Reshape(Slice(qkv, AxisRange(i, i+1)), b, h*w, c) }
	y := attend(part(0), part(1), part(2), nil, heads)
	return conv(scope.At("proj"), Reshape(y, b, h, w, c), c, 1, zeros)
}

// resample halves or doubles a picture where the block says so. x is [B,H,W,C].
func (u edmUNet) resample(x *Node, b edmBlock) *Node {
	box := len(u.filter) == 2 && u.filter[0] == u.filter[1]
	switch {
	case !b.down && !b.up:
		return x
	case b.down && box:
		return engine.DownsampleMean(x)
	case b.up && box:
		return engine.UpsampleNearest(x)
	}
	return u.filtered(x, b.up, (len(u.filter)-1)/2)
}

// convDown is a convolution of kernel 3 and then a halving, whose filter also sees the convolution's values beyond the edge. x is
// [B,H,W,C]; returns [B,H/2,W/2,out].
func (u edmUNet) convDown(scope *model.Scope, x *Node, out int) *Node {
	g, pad := x.Graph(), (len(u.filter)-1)/2
	x = Pad(x, ScalarZero(g, x.DType()), PadAxis{}, PadAxis{Start: pad, End: pad}, PadAxis{Start: pad, End: pad}, PadAxis{})
	y := engine.Conv2D(x, param(scope, g, "weight", fanIn(1), out, x.Shape().Dim(3), 3, 3))
	return Add(u.filtered(y, false, 0), ExpandLeftToRank(param(scope, g, "bias", zeros, out), 4))
}

// filtered halves or doubles a picture by the filter, as matrix products along rows and columns: not every engine has the gradient of a
// strided convolution. pad are pixels of 0 on each side. x is [B,H,W,C].
func (u edmUNet) filtered(x *Node, up bool, pad int) *Node {
	rows := Const(x.Graph(), u.matrix(x.Shape().Dim(1), up, pad))    // [H',H]
	columns := Const(x.Graph(), u.matrix(x.Shape().Dim(2), up, pad)) // [W',W]
	y := EinsumAxes(rows, x, [][2]int{{1, 1}}, nil)                  // [H',B,W,C]
	y = EinsumAxes(columns, y, [][2]int{{1, 2}}, nil)                // [W',H',B,C]
	return TransposeAllDims(y, 2, 1, 0, 3)                           // [B,H',W',C]
}

// matrix halves or doubles n values: y_i = Σ f_k x_{2i+k−pad}, or its transpose times 2.
func (u edmUNet) matrix(n int, up bool, pad int) [][]float32 {
	var sum float32
	for _, f := range u.filter {
		sum += float32(f)
	}
	out := (n + 2*pad - len(u.filter) + 2) / 2
	if up {
		out = 2 * n
	}
	m := make([][]float32, out)
	for i := range m {
		m[i] = make([]float32, n)
	}
	for k, f := range u.filter {
		if up {
			for j := range n {
				if i := 2*j + k - pad; i >= 0 && i < out {
					m[i][j] = 2 * float32(f) / sum
				}
			}
			continue
		}
		for i := range out {
			if j := 2*i + k - pad; j >= 0 && j < n {
				m[i][j] = float32(f) / sum
			}
		}
	}
	return m
}
