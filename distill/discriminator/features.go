package discriminator

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// FeatureNet is a frozen network: pictures [B,H,W,3] in [-1,1] → taps, each [B,1+T,C], CLS first.
// It normalises its input itself.
type FeatureNet func(img *Node) []*Node

// Features gives the inputs of the heads, one [B,T,C] per tap: pictures [B,H,W,3] are augmented and cropped by params (see DrawView),
// resized to size×size and passed through the frozen network.
func Features(net FeatureNet, img, params *Node, cfg Config, size int) []*Node {
	taps := net(View(img, params, cfg, size))
	tokens := make([]*Node, len(taps))
	for k, tap := range taps {
		tokens[k] = Tokens(tap)
	}
	return tokens
}

// Tokens adds the CLS token to every patch token and drops it: [B,1+T,C] → [B,T,C].
func Tokens(tap *Node) *Node {
	tap.AssertRank(3)
	cls := Slice(tap, AxisRange(), AxisRangeFromStart(1), AxisRange())
	return Add(Slice(tap, AxisRange(), AxisRangeToEnd(1), AxisRange()), cls)
}
