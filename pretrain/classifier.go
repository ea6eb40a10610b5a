package pretrain

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/parallel"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
)

// B batch, D width of the features, A attributes.

// Classifier reads every attribute of a picture. FID uses its features here, as it uses Inception's elsewhere.
type Classifier struct {
	Net     network.ConvNetConfig
	Classes []int // of each attribute
}

// AttributeClassifier is the architecture of the classifier.
func (n Networks) AttributeClassifier() Classifier {
	if n.Classes == nil {
		return Classifier{n.Classifier, dataset.AttributeClasses}
	}
	return Classifier{n.Classifier, n.Classes}
}

// Features returns the feature vectors, [B,D]. images is [B,H,W,3].
func (c Classifier) Features(scope *model.Scope, images *Node) *Node {
	return network.ConvNet(scope.At("net"), c.Net, images).Features
}

// Stage returns mean and deviation over positions of the map at the end of a stage, counted from 0: [B,2C].
func (c Classifier) Stage(scope *model.Scope, images *Node, stage int) *Node {
	h := network.ConvNet(scope.At("net"), c.Net, images).Stages[stage]
	mean := ReduceMean(h, 1, 2) // [B,C]
	centred := Sub(h, InsertAxes(mean, 1, 1))
	return Concatenate([]*Node{mean, Sqrt(AddScalar(ReduceMean(Mul(centred, centred), 1, 2), 1e-6))}, 1)
}

// Logits returns one [B,classes] per attribute.
func (c Classifier) Logits(scope *model.Scope, features *Node) []*Node {
	return attributeLogits(scope.At("heads"), network.SiLU(features), c.Classes)
}

// attributeLogits is one linear layer per attribute. x is [B,D].
func attributeLogits(scope *model.Scope, x *Node, classes []int) []*Node {
	logits := make([]*Node, len(classes))
	for i, n := range classes {
		logits[i] = network.Linear(scope.At("%d", i), x, n, true)
	}
	return logits
}

// Predict returns the most likely class of every attribute, [B,A] int32.
func Predict(logits []*Node) *Node {
	columns := make([]*Node, len(logits))
	for i, l := range logits {
		columns[i] = InsertAxes(ArgMax(l, 1, dtypes.Int32), 1)
	}
	return Concatenate(columns, 1)
}

// attributeLoss is the cross-entropy summed over the attributes that labels [B,A] give, averaged over the batch; a label of −1
// is ignored. It also returns the share of correct predictions.
func attributeLoss(logits []*Node, labels *Node) (loss, accuracy *Node) {
	b := labels.Shape().Dim(0)
	var right, given *Node
	for i, l := range logits {
		label := Reshape(Slice(labels, AxisRange(), AxisRange(i, i+1)), b)
		isGiven := ConvertDType(GreaterOrEqual(label, ScalarZero(label.Graph(), label.DType())), dtypes.Float32)
		oneHot := OneHot(MaxScalar(label, 0), l.Shape().Dim(1), dtypes.Float32)
		nll := Neg(ReduceAllSum(Mul(InsertAxes(isGiven, 1), Mul(LogSoftmax(l, 1), oneHot))))
		hit := ReduceAllSum(Mul(isGiven, ConvertDType(Equal(ArgMax(l, 1, dtypes.Int32), label), dtypes.Float32)))
		if i == 0 {
			loss, right, given = nll, hit, ReduceAllSum(isGiven)
			continue
		}
		loss, right, given = Add(loss, nll), Add(right, hit), Add(given, ReduceAllSum(isGiven))
	}
	return MulScalar(loss, 1/float64(b)), Div(right, given)
}

// labelled is a source of pictures with all their attributes; see dataset.LabelledSource.
type labelled interface {
	Picture(i int) dataset.Image
	Facts(i int) dataset.Facts
}

type labelledBatch struct {
	Images []float32 // [B,S,S,3]
	Labels []int32   // [B,A]
}

// drawLabelled draws pictures first … first+batch−1 of a split, whose side is size.
func drawLabelled(src labelled, size, attributes, first, batch int) labelledBatch {
	area := size * size * 3
	b := labelledBatch{Images: make([]float32, batch*area), Labels: make([]int32, batch*attributes)}
	parallel.For(batch, func(i int) {
		copy(b.Images[i*area:], src.Picture(first+i).Pix)
		for j, class := range src.Facts(first + i).Shows {
			b.Labels[i*attributes+j] = int32(class)
		}
	})
	return b
}

// firstIndex is the first index of a purpose's stream of samples.
func firstIndex(seed int64, purpose string) int { return int(rng.New(seed, purpose, 0).Uint64() >> 16) }
