package discriminator

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// Condition joins what cfg lets the heads see: c_text [B,·] and c_img [B,·] → [B,E]; nil when that is nothing.
// A part that cfg leaves out may be nil. With CondRMS each part has unit root mean square per sample, so that both weigh the same.
// A row of zeros (c_img at s = τ_n, where x_s is pure noise) stays zero. No gradient reaches the networks that made them.
func Condition(cfg Config, text, image *Node) *Node {
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
	add(cfg.Text, "text", text)
	add(cfg.Image, "image", image)
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return Concatenate(parts, 1)
}
