package discriminator

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/internal/graphtest"
)

// naiveConv is circularConv as a loop.
func naiveConv[F float32 | float64](x, weight []F, batch, tokens, in, out, kernel int) []F {
	y := make([]F, batch*tokens*out)
	for b := range batch {
		for t := range tokens {
			for o := range out {
				for i := range in {
					for k := range kernel {
						from := ((t+k-kernel/2)%tokens + tokens) % tokens
						y[(b*tokens+t)*out+o] += weight[(o*in+i)*kernel+k] * x[(b*tokens+from)*in+i]
					}
				}
			}
		}
	}
	return y
}

func TestCircularConv(t *testing.T) {
	for _, test := range []struct {
		name           string
		tokens, kernel int
	}{
		{"9-wide over 16 tokens", 16, 9},
		{"ring as long as the kernel", 9, 9},
		{"ring shorter than half the kernel", 3, 9},
		{"one token", 1, 9},
		{"1-wide", 4, 1},
	} {
		const b, in, out = 2, 3, 5
		x, w := graphtest.Normals(1, b, test.tokens, in), graphtest.Normals(2, out, in, test.kernel)
		got := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{circularConv(in[0], in[1])} }, x, w)
		want := naiveConv(graphtest.Floats(x), graphtest.Floats(w), b, test.tokens, in, out, test.kernel)
		if diff := cmp.Diff(want, graphtest.Floats(got[0]), cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
