package protocol

import (
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
	Classifier map[string]float64 `json:"classifier,omitempty"` // accuracy per attribute on scenes it has not seen
	Probe      map[string]float64 `json:"probe,omitempty"`      // a linear layer's on the discriminator's frozen features
	// Both once more, each with the pictures behind it and Wilson's interval; assessments of former versions lack them.
	ClassifierRates map[string]eval.Estimate `json:"classifier_rates,omitempty"`
	ProbeRates      map[string]eval.Estimate `json:"probe_rates,omitempty"`

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
	if scenes, ok := e.data.(*dataset.Scenes); ok {
		hits, err := e.classifierAccuracy(ctx, scenes.Split("all"), probe.Heldout)
		if err != nil {
			return q, err
		}
		if q.Classifier, q.ClassifierRates, err = Rates(hits); err != nil {
			return q, err
		}
		if hits, err = probe.Accuracy(ctx, e.Backend, e.Bundle, "features", scenes, progress); err != nil {
			return q, err
		}
		if q.Probe, q.ProbeRates, err = Rates(hits); err != nil {
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

// classifierAccuracy is how often the classifier is right about the first n scenes of a split.
func (e *Evaluator) classifierAccuracy(ctx context.Context, scenes dataset.SceneSource, n int) (map[string]pretrain.Hits, error) {
	prompts, err := takePrompts(scenes, 0, n)
	if err != nil {
		return nil, err
	}
	seen, err := e.extract(ctx, e.features, prompts.Images)
	if err != nil {
		return nil, err
	}
	if seen.Classes == nil {
		return nil, fmt.Errorf("protocol: %s holds no classifier", e.Bundle.Dir)
	}
	var labels []int32
	for i := range n {
		scene, _, _ := scenes.Scene(i)
		for _, class := range scene.Attributes() {
			labels = append(labels, int32(class))
		}
	}
	return pretrain.Score(seen.Classes, labels), nil
}

// Rates are accuracies, alone and with their 95 % intervals.
func Rates(hits map[string]pretrain.Hits) (accuracy map[string]float64, rates map[string]eval.Estimate, err error) {
	accuracy, rates = map[string]float64{}, map[string]eval.Estimate{}
	for name, h := range hits {
		if rates[name], err = eval.RateInterval(h.Right, h.Of, 0.95); err != nil {
			return nil, nil, fmt.Errorf("protocol: %s: %w", name, err)
		}
		accuracy[name] = rates[name].Mean
	}
	return accuracy, rates, nil
}

// Worst names the attribute that is told least well, and how well: with interval and n where rates has them.
func Worst(accuracy map[string]float64, rates map[string]eval.Estimate) string {
	name, worst := lowest(accuracy)
	if r, ok := rates[name]; ok {
		return fmt.Sprintf("%.4f [%.4f, %.4f] of %d (%s)", worst, r.Low, r.High, r.N, name)
	}
	return fmt.Sprintf("%.4f (%s)", worst, name)
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
		name, worst := lowest(q.Classifier)
		mean := average(q.Classifier)
		fmt.Fprintf(&b, "| classifier, mean over attributes | > %.2f | %.4f (worst: %s %.4f) | %s |\n", wantClassifier, mean, name, worst, verdict(mean > wantClassifier))
		name, worst = lowest(q.Probe)
		reached := verdict(worst > wantProbe)
		if r, ok := q.ProbeRates[name]; ok && r.Low <= wantProbe && wantProbe < r.High {
			reached = "undecided"
		}
		fmt.Fprintf(&b, "| linear probe of the features, worst attribute | > %.2f | %s | %s |\n", wantProbe, Worst(q.Probe, q.ProbeRates), reached)
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
			fmt.Fprintf(&b, "| %s | %.4f | %.4f | %.4f |\n", name, q.Classifier[name], q.Probe[name], q.Teacher.ByAttribute[name])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func lowest(m map[string]float64) (name string, value float64) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if name == "" || m[k] < value {
			name, value = k, m[k]
		}
	}
	return name, value
}

func average(m map[string]float64) (mean float64) {
	for _, v := range m {
		mean += v / float64(len(m))
	}
	return mean
}
