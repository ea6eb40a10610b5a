package eval

import (
	"context"
	"fmt"
)

// PRNeighbours is the paper's k.
const PRNeighbours = 3

// PR is improved precision (do generated images look real?) and recall (are all real ones covered?).
type PR struct{ Precision, Recall float64 }

// PrecisionRecall calls an image covered by a set when it lies in or on the ball of one of the set's images, whose radius is the
// distance to that image's k-th neighbour, itself not counted (Kynkäänniemi et al. 2019, eqs. 1–2).
// Both depend on n and k: compare at equal ones only.
// A cancelled context ends it early, with its error.
func PrecisionRecall(ctx context.Context, ref, gen Features, k int) (PR, error) {
	if err := validateNeighbours("PrecisionRecall", ref, gen, k); err != nil {
		return PR{}, err
	}
	if k >= gen.N {
		return PR{}, fmt.Errorf("eval: PrecisionRecall: k = %d, want < %d, the generated images", k, gen.N)
	}
	precision, err := covered(ctx, gen, ref, k)
	if err != nil {
		return PR{}, err
	}
	recall, err := covered(ctx, ref, gen, k)
	return PR{Precision: precision, Recall: recall}, err
}

// covered is the share of images that lie in the union of the set's balls.
func covered(ctx context.Context, images, set Features, k int) (float64, error) {
	radii, err := squaredRadii(ctx, set, k)
	if err != nil {
		return 0, err
	}
	hit := make([]bool, images.N)
	err = eachPair(ctx, images, set, func(p *pairs, i, at int, approx []float64) {
		for j := 0; j < len(approx) && !hit[i]; j++ {
			hit[i] = p.within(i, at+j, approx[j], radii[at+j], true)
		}
	})
	return fraction(images.N, func(i int) bool { return hit[i] }), err
}
