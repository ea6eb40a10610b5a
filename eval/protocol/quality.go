package protocol

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/train"
)

// Quality measures whether a bundle is good enough to distil from and to score with.
type Quality struct {
	Classifier Rates `json:"classifier,omitempty"` // accuracy on scenes it has not seen
	Probe      Rates `json:"probe,omitempty"`      // a linear layer's on the discriminator's frozen features

	Real       Metrics `json:"real"`
	Teacher    Metrics `json:"teacher"` // 25 guided steps
	TeacherOne Metrics `json:"teacher_1_step"`
}

// What a bundle should reach before students of it are believed.
const (
	wantClassifier = 0.99
	wantProbe      = 0.90
	wantTeacher    = 0.90 // of the real pictures' alignment
)

// Assess measures a bundle.
func Assess(ctx context.Context, e *Evaluator, probe pretrain.Probe, progress *train.Progress) (q Quality, err error) {
	if world, ok := e.data.(dataset.Labelled); ok {
		hits, err := e.classifierAccuracy(ctx, world, probe.Heldout)
		if err != nil {
			return q, err
		}
		if q.Classifier, err = NewRates(hits); err != nil {
			return q, err
		}
		if hits, err = probe.Accuracy(ctx, e.Backend, e.bundle, "features", world, progress); err != nil {
			return q, err
		}
		if q.Probe, err = NewRates(hits); err != nil {
			return q, err
		}
	}
	if q.Real, err = e.EvaluateReal(ctx); err != nil {
		return q, err
	}
	if q.Teacher, _, err = e.Evaluate(ctx, pipeline.Teacher(25, e.Setup.Guidance)); err != nil {
		return q, err
	}
	q.TeacherOne, _, err = e.Evaluate(ctx, pipeline.Teacher(1, e.Setup.Guidance))
	return q, err
}

// classifierAccuracy is how often the classifier is right about the first n pictures of all splits.
func (e *Evaluator) classifierAccuracy(ctx context.Context, world dataset.Labelled, n int) (map[string]pretrain.Hits, error) {
	prompts, err := takePrompts(world.Labels("all"), 0, n)
	if err != nil {
		return nil, err
	}
	seen, err := e.extract(ctx, e.extractors.Features, prompts.Images)
	if err != nil {
		return nil, err
	}
	if seen.Classes == nil {
		return nil, fmt.Errorf("protocol: %s holds no classifier", e.bundle.Dir)
	}
	var labels []int32
	for _, facts := range prompts.Facts {
		for _, class := range facts.Shows {
			labels = append(labels, int32(class))
		}
	}
	return pretrain.Score(world.Attributes(), seen.Classes, labels), nil
}

// Rates are accuracies by attribute, with their 95 % intervals.
type Rates map[string]eval.Estimate

// NewRates takes what was right of how many.
func NewRates(hits map[string]pretrain.Hits) (r Rates, err error) {
	r = Rates{}
	for name, h := range hits {
		if r[name], err = eval.RateInterval(h.Right, h.Of, 0.95); err != nil {
			return nil, fmt.Errorf("protocol: %s: %w", name, err)
		}
	}
	return r, nil
}

// Worst is the accuracy of the attribute that is told least well.
func (r Rates) Worst() (name string, rate eval.Estimate) {
	names := slices.Sorted(maps.Keys(r))
	name = slices.MinFunc(names, func(a, b string) int { return cmp.Compare(r[a].Mean, r[b].Mean) })
	return name, r[name]
}

// String is the worst accuracy with its interval.
func (r Rates) String() string {
	name, worst := r.Worst()
	return fmt.Sprintf("%.4f [%.4f, %.4f] of %d (%s)", worst.Mean, worst.Low, worst.High, worst.N, name)
}

func (r Rates) mean() (mean float64) {
	for _, rate := range r {
		mean += rate.Mean / float64(len(r))
	}
	return mean
}

// Markdown writes the report with a verdict on each requirement.
func (q Quality) Markdown(w io.Writer) error {
	var b strings.Builder
	verdict := func(ok bool) string {
		if ok {
			return "reached"
		}
		return "**not reached**"
	}
	fmt.Fprintf(&b, "# Quality of the pretrained networks\n\n")
	if q.Classifier != nil {
		fmt.Fprintf(&b, "| requirement | wanted | measured | |\n|---|---|---|---|\n")
		name, worst := q.Classifier.Worst()
		mean := q.Classifier.mean()
		fmt.Fprintf(&b, "| classifier, mean over attributes | > %.2f | %.4f (worst: %s %.4f) | %s |\n", wantClassifier, mean, name, worst.Mean, verdict(mean > wantClassifier))
		_, worst = q.Probe.Worst()
		reached := verdict(worst.Mean > wantProbe)
		if worst.Low <= wantProbe && wantProbe < worst.High {
			reached = "undecided"
		}
		fmt.Fprintf(&b, "| linear probe of the features, worst attribute | > %.2f | %s | %s |\n", wantProbe, q.Probe, reached)
		share := *q.Teacher.Align / *q.Real.Align
		fmt.Fprintf(&b, "| teacher at 25 steps: alignment, share of real pictures' | ≥ %.2f | %.4f (%.4f of %.4f) | %s |\n\n", wantTeacher, share, *q.Teacher.Align, *q.Real.Align, verdict(share >= wantTeacher))
	}
	fmt.Fprintf(&b, "| pictures | n | FID | CLIP score | alignment | all attributes right | precision | recall | ms per image |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, row := range []struct {
		name string
		Metrics
	}{{"real", q.Real}, {"teacher, 25 guided steps", q.Teacher}, {"teacher, 1 guided step", q.TeacherOne}} {
		align, all := "–", "–"
		if row.Align != nil {
			align, all = fmt.Sprintf("%.4f", *row.Align), fmt.Sprintf("%.4f", *row.AllCorrect)
		}
		fmt.Fprintf(&b, "| %s | %d | %.2f [%.2f, %.2f] | %.4f | %s | %s | %.3f | %.3f | %.1f |\n",
			row.name, row.Images, row.FID, row.FIDLow, row.FIDHigh, row.CLIP, align, all, row.Precision, row.Recall, row.MillisPerImage)
	}
	if q.Classifier != nil {
		fmt.Fprintf(&b, "\n| attribute | classifier | probe | teacher, 25 steps |\n|---|---|---|---|\n")
		for _, name := range slices.Sorted(maps.Keys(q.Classifier)) {
			probed := "–"
			if rate, ok := q.Probe[name]; ok { // attributes of many values are not probed for
				probed = fmt.Sprintf("%.4f", rate.Mean)
			}
			fmt.Fprintf(&b, "| %s | %.4f | %s | %.4f |\n", name, q.Classifier[name].Mean, probed, q.Teacher.ByAttribute[name])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
