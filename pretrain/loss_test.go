package pretrain

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train"
)

// attributeLogitsOf are hand-made logits of every attribute for b pictures.
func attributeLogitsOf(b int) (logits []any, host [][]float64) {
	for a, classes := range dataset.AttributeClasses {
		x := rng.Normal(rng.New(int64(a), "logits", 0), b*classes)
		row := make([]float64, len(x))
		for i, v := range x {
			row[i] = float64(v)
		}
		logits, host = append(logits, train.F32(x, b, classes)), append(host, row)
	}
	return logits, host
}

// The cross-entropy of the labels that are given; −1 counts neither in the loss nor in its gradient nor in the accuracy.
func TestAttributeLoss(t *testing.T) {
	const b = 3
	attributes := len(dataset.AttributeClasses)
	logits, host := attributeLogitsOf(b)
	labels := make([]int32, b*attributes)
	var want, right, given float64
	for i := range b {
		for a, classes := range dataset.AttributeClasses {
			label := (i + a) % classes
			if (i+2*a)%3 == 0 {
				labels[i*attributes+a] = -1
				continue
			}
			labels[i*attributes+a] = int32(label)
			row, sum, best := host[a][i*classes:(i+1)*classes], 0.0, 0
			for j, v := range row {
				sum += math.Exp(v)
				if v > row[best] {
					best = j
				}
			}
			want += (math.Log(sum) - row[label]) / b
			given++
			if best == label {
				right++
			}
		}
	}
	out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node {
		loss, accuracy := attributeLoss(in[1:], in[0])
		return append([]*Node{loss, accuracy}, Gradient(loss, in[1:]...)...)
	}, append([]any{train.I32(labels, b, attributes)}, logits...)...)
	near(t, "loss", want, scalar(out[0]), 1e-5)
	near(t, "accuracy", right/given, scalar(out[1]), 1e-6)
	for a, classes := range dataset.AttributeClasses {
		gradient := tensors.MustCopyFlatData[float32](out[2+a])
		for i := range b {
			var size float32
			for _, v := range gradient[i*classes : (i+1)*classes] {
				size += v * v
			}
			if isGiven := labels[i*attributes+a] >= 0; (size > 0) != isGiven {
				t.Errorf("%s of picture %d: gradient of size %g, label given: %v", dataset.AttributeNames[a], i, size, isGiven)
			}
		}
	}
}

func TestPredict(t *testing.T) {
	logits, host := attributeLogitsOf(2)
	out := graphtest.Run(t, nil, func(_ *model.Scope, in []*Node) []*Node { return []*Node{Predict(in)} }, logits...)
	attributes := len(host)
	want := make([]int32, 2*attributes)
	for a, classes := range dataset.AttributeClasses {
		for i := range want[:2] {
			for j := range classes {
				if host[a][i*classes+j] > host[a][i*classes+int(want[i*attributes+a])] {
					want[i*attributes+a] = int32(j)
				}
			}
		}
	}
	if diff := cmp.Diff(want, tensors.MustCopyFlatData[int32](out[0])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{2, attributes}, out[0].Shape().Dimensions); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
}

// pairLoss runs the contrastive loss of a tiny pair on captions and pictures.
func pairLoss(t testing.TB, store *model.Store, c *Trainer, captions []string, images *tensors.Tensor) (loss, accuracy float64) {
	t.Helper()
	b := len(captions)
	out := graphtest.Run(t, store, func(root *model.Scope, in []*Node) []*Node {
		loss, accuracy := Pair{Text: c.Config.Networks.Text, Image: c.Config.Networks.Tower}.Loss(root.At("pair"), in[0], in[1])
		return []*Node{loss, accuracy}
	}, train.I32(c.Words.EncodeAll(captions), b, c.Words.Context), images)
	return scalar(out[0]), scalar(out[1])
}

func TestContrastiveLoss(t *testing.T) {
	const b = 4
	c := tinyTrainer(t, 1)
	pictures := graphtest.Normals(1, b, tinyworld.Size, tinyworld.Size, 3)
	captions := []string{"a red circle", "a blue square", "a small green triangle", ""}
	same := tensors.MustCopyFlatData[float32](pictures)
	for i := range same {
		same[i] = same[i%(tinyworld.Size*tinyworld.Size*3)]
	}

	// Nothing tells the pairs apart: log B, and the first caption wins every tie.
	loss, accuracy := pairLoss(t, nil, c, []string{"a red circle", "a red circle", "a red circle", "a red circle"}, train.F32(same, b, tinyworld.Size, tinyworld.Size, 3))
	near(t, "loss of equal pairs", math.Log(b), loss, 1e-4)
	near(t, "accuracy of equal pairs", 1.0/b, accuracy, 0)

	// So it is with any pairs at infinite temperature.
	store := model.NewStore()
	if _, err := store.CreateVariable("/pair/logit_scale", tensors.FromScalar(float32(-50))); err != nil {
		t.Fatal(err)
	}
	loss, _ = pairLoss(t, store, c, captions, pictures)
	near(t, "loss at infinite temperature", math.Log(b), loss, 1e-6)

	// The inverse temperature stops at 100, as CLIP's does.
	at := func(logScale float64) float64 {
		store := model.NewStore()
		if _, err := store.CreateVariable("/pair/logit_scale", tensors.FromScalar(float32(logScale))); err != nil {
			t.Fatal(err)
		}
		loss, _ := pairLoss(t, store, c, captions, pictures)
		return loss
	}
	if limit, beyond := at(math.Log(100)), at(20); limit != beyond || limit == at(math.Log(10)) {
		t.Errorf("loss = %g at scale 100, %g beyond, %g at scale 10: want the first two equal, the third not", limit, beyond, at(math.Log(10)))
	}
}

// The symmetric cross-entropy against loops over the embeddings.
func TestContrastiveLossAgainstLoops(t *testing.T) {
	const b = 3
	c := tinyTrainer(t, 1)
	captions := []string{"a red circle", "a blue square", "a small green triangle"}
	ids, images := train.I32(c.Words.EncodeAll(captions), b, c.Words.Context), graphtest.Normals(2, b, tinyworld.Size, tinyworld.Size, 3)
	out := graphtest.Run(t, nil, func(root *model.Scope, in []*Node) []*Node {
		pair := Pair{Text: c.Config.Networks.Text, Image: c.Config.Networks.Tower}
		text, image := pair.Embed(root.At("pair"), in[0], in[1])
		loss, _ := pair.Loss(root.At("pair"), in[0], in[1])
		return []*Node{text, image, loss}
	}, ids, images)
	text, image := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
	width := len(text) / b
	logits := [b][b]float64{}
	for i := range b {
		var length float64
		for k := range width {
			length += float64(image[i*width+k]) * float64(image[i*width+k])
		}
		near(t, "squared length of an embedding", 1, length, 1e-5)
		for j := range b {
			for k := range width {
				logits[i][j] += float64(image[i*width+k]) * float64(text[j*width+k]) / 0.07
			}
		}
	}
	var want float64
	for i := range b {
		var row, column float64
		for j := range b {
			row, column = row+math.Exp(logits[i][j]), column+math.Exp(logits[j][i])
		}
		want += (math.Log(row) + math.Log(column) - 2*logits[i][i]) / (2 * b)
	}
	near(t, "loss", want, scalar(out[2]), 1e-4)
}

func TestSelfSupervisedLoss(t *testing.T) {
	const b = 3
	method := SelfSupervised{Net: network.ViTConfig{ImageSize: tinyworld.Size, Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch"}, Mask: 0.5}
	n := method.Net.Patches()
	type parts struct{ loss, contrast, pixels, accuracy float64 }
	look := func(first, second, mask *tensors.Tensor) parts {
		t.Helper()
		out := graphtest.Run(t, nil, func(root *model.Scope, in []*Node) []*Node {
			loss, contrast, pixels, accuracy := method.Loss(root.At("features"), in[0], in[1], in[2])
			return []*Node{loss, contrast, pixels, accuracy}
		}, first, second, mask)
		return parts{scalar(out[0]), scalar(out[1]), scalar(out[2]), scalar(out[3])}
	}
	maskOf := func(patches ...int) *tensors.Tensor {
		mask := make([]float32, b*n)
		for _, p := range patches {
			mask[p] = 1
		}
		return train.F32(mask, b, n)
	}
	pictures := graphtest.Normals(1, b, tinyworld.Size, tinyworld.Size, 3)
	same := tensors.MustCopyFlatData[float32](pictures)
	for i := range same {
		same[i] = same[i%(tinyworld.Size*tinyworld.Size*3)]
	}
	equal := func() *tensors.Tensor { return train.F32(same, b, tinyworld.Size, tinyworld.Size, 3) }

	// Of 2B equal views each has 2B−1 others: one partner among them. Without a mask there is nothing to fill in.
	got := look(equal(), equal(), maskOf())
	near(t, "contrast of equal pictures", math.Log(2*b-1), got.contrast, 1e-4)
	near(t, "pixels without a mask", 0, got.pixels, 0)
	near(t, "loss", got.contrast+reconstructWeight*got.pixels, got.loss, 1e-5)

	// Equal views of different pictures find each other.
	got = look(pictures, graphtest.Normals(1, b, tinyworld.Size, tinyworld.Size, 3), maskOf())
	near(t, "accuracy of equal views", 1, got.accuracy, 0)
	if got.contrast >= math.Log(2*b-1) {
		t.Errorf("contrast of equal views = %g, want less than %g", got.contrast, math.Log(2*b-1))
	}

	// Only masked patches are compared: a wrong pixel counts in a masked one and nowhere else. Masked patches are hidden, so that
	// the prediction for picture 0 stays what it is.
	changed := tensors.MustCopyFlatData[float32](pictures)
	changed[0] += 100 // patch 0 of picture 0
	other := train.F32(changed, b, tinyworld.Size, tinyworld.Size, 3)
	if one, two := look(pictures, pictures, maskOf(n)), look(pictures, other, maskOf(n)); one.pixels != two.pixels || one.pixels == 0 {
		t.Errorf("pixels = %g and %g where the change is not masked, want equal", one.pixels, two.pixels)
	}
	if one, two := look(pictures, pictures, maskOf(0)), look(other, pictures, maskOf(0)); one.pixels != two.pixels {
		t.Errorf("pixels = %g and %g: what is hidden in the second view was read in the first", one.pixels, two.pixels)
	}
	if one, two := look(pictures, pictures, maskOf(0)), look(pictures, other, maskOf(0)); two.pixels < one.pixels+100 || one.contrast != two.contrast {
		t.Errorf("pixels = %g and %g, contrast = %g and %g where the change is masked, want far more pixels and the same contrast", one.pixels, two.pixels, one.contrast, two.contrast)
	}
}

func TestMaskShare(t *testing.T) {
	for _, share := range []float64{0, 0.25, 0.5, 1} {
		method := SelfSupervised{Net: network.ViTConfig{ImageSize: 16, Patch: 4}, Mask: share}
		n := method.Net.Patches()
		counts := make([]float64, n)
		const batch = 400
		mask := method.drawMask(rng.New(1, "mask", 0), batch)
		for i := range batch {
			var marked float64
			for j, m := range mask[i*n : (i+1)*n] {
				if m != 0 && m != 1 {
					t.Fatalf("mask = %g, want 0 or 1", m)
				}
				marked += float64(m)
				counts[j] += float64(m) / batch
			}
			if marked != share*float64(n) {
				t.Fatalf("share %g: %g of %d patches are masked", share, marked, n)
			}
		}
		for j, got := range counts {
			near(t, "how often a patch is masked", share, got, 0.1)
			if t.Failed() {
				t.Fatalf("patch %d at share %g", j, share)
			}
		}
	}
}
