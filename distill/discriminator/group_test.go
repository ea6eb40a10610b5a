package discriminator

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
)

// Groups of two and of three: every token is beside its distance from the next picture's of the group.
func TestTokensBesideThoseOfTheNextPicture(t *testing.T) {
	x := tensors.FromValue([][][]float32{{{1}, {2}}, {{4}, {0}}, {{5}, {5}}, {{5}, {9}}, {{0}, {0}}, {{1}, {1}}})
	for group, want := range map[int][][][]float32{
		1: {{{1}, {2}}, {{4}, {0}}, {{5}, {5}}, {{5}, {9}}, {{0}, {0}}, {{1}, {1}}},
		2: {{{1, 3}, {2, 2}}, {{4, 3}, {0, 2}}, {{5, 0}, {5, 4}}, {{5, 0}, {9, 4}}, {{0, 1}, {0, 1}}, {{1, 1}, {1, 1}}},
		3: {{{1, 3}, {2, 2}}, {{4, 1}, {0, 5}}, {{5, 4}, {5, 3}}, {{5, 5}, {9, 9}}, {{0, 1}, {0, 1}}, {{1, 4}, {1, 8}}},
	} {
		got := evaluate(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{besideNext(in[0], group)} }, x)
		if diff := cmp.Diff(want, got[0].Value()); diff != "" {
			t.Errorf("groups of %d (-want +got):\n%s", group, diff)
		}
	}
}

// Pictures of one caption are shown alike, so that a difference between them is theirs; other captions are shown otherwise.
func TestPicturesOfOneCaptionAreShownAlike(t *testing.T) {
	cfg := DefaultConfig()
	cfg.PerCaption = 2
	var rows [][]float32
	for row := range slices.Chunk(DrawView(rng.New(1, "view", 0), cfg, 6, 32), AugmentParams) {
		rows = append(rows, row)
	}
	for i := 0; i < len(rows); i += 2 {
		if !slices.Equal(rows[i], rows[i+1]) || i > 0 && slices.Equal(rows[i], rows[i-1]) {
			t.Errorf("pictures %d and %d: %v, %v", i, i+1, rows[i], rows[i+1])
		}
	}
}

// A group whose pictures are all the same gets another logit than one whose pictures differ, though each picture is real: what a head
// that judges one picture at a time cannot do.
func TestTheLastHeadSeesThatAGroupAgrees(t *testing.T) {
	for group, sees := range map[int]bool{0: false, 2: true} {
		cfg := Config{Norm: NormGroup, NormGroup: 1, NormChannels: 1, Kernel: 3, MapDim: 4, Augment: false, CropProb: .5, R1Every: 1, PerCaption: group}
		store := testHeads(t, cfg, []int{3, 3}, 0)
		taps := graphtest.Normals(1, 2, 5, 3) // two pictures, the class token and four more
		logits := evaluate(t, store, func(scope *model.Scope, in []*Node) []*Node {
			heads := Bind(scope, in[0].Graph(), cfg, false)
			first := Slice(in[0], AxisRange(0, 1))
			of := func(pictures *Node) (all []*Node) {
				for _, logits := range heads.Logits(Features(func(x *Node) []*Node { return []*Node{x, x} }, pictures, in[1], cfg), nil) {
					all = append(all, Slice(logits, AxisRange(0, 1)))
				}
				return all
			}
			return append(of(in[0]), of(Concatenate([]*Node{first, first}, 0))...)
		}, taps, tensors.FromFlatDataAndDimensions(IdentityAugment(2), 2, AugmentParams))
		for k, sees := range []bool{false, sees} {
			if same := cmp.Equal(graphtest.Floats(logits[k]), graphtest.Floats(logits[2+k])); same == sees {
				t.Errorf("groups of %d, head %d: the same logits %v, want %v", group, k, same, !sees)
			}
		}
	}
}
