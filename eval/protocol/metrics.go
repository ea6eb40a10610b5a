package protocol

import (
	"context"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
)

// manifold is the number of pictures for precision and recall, whose cost grows with its square.
const manifold = 1000

// Metrics measures every caption set. It needs no engine.
func (s *Sample) Metrics() (Metrics, error) {
	n := len(s.sets[0].Captions)
	m := Metrics{Images: n, Seconds: s.spent.Seconds(), MillisPerImage: 1000 * s.spent.Seconds() / float64(max(n, 1))}
	for i, seen := range s.sets {
		set := s.evaluator.sets[i]
		if err := set.score(s.evaluator, &m, set.reference, seen); err != nil {
			return m, err
		}
	}
	return m, nil
}

// scoreHeldout compares the pictures of the held-out captions with the reference.
func scoreHeldout(e *Evaluator, m *Metrics, reference, s scoredSet) error {
	fid, clip, err := e.fidAndCLIP(reference, s)
	if err != nil {
		return err
	}
	m.FID, m.FIDLow, m.FIDHigh = fid.Estimate.Mean, fid.Estimate.Low, fid.Estimate.High
	m.CLIP, m.CLIPStdErr = clip.Estimate.Mean, clip.StdErr
	if world, ok := e.data.(dataset.Labelled); ok && s.Classes != nil {
		attributes := world.Attributes()
		if err := m.align(attributes, s); err != nil {
			return err
		}
		if err := m.balance(attributes, reference, s); err != nil {
			return err
		}
	}
	pr, err := neighbours(metric.PrecisionRecall, eval.PRNeighbours, reference, s)
	if err != nil {
		return err
	}
	if pr != nil {
		m.Precision, m.Recall = *pr[0], *pr[1]
	}
	dc, err := neighbours(metric.DensityCoverage, eval.DCNeighbours, reference, s)
	if dc != nil {
		m.Density, m.Coverage = dc[0], dc[1]
	}
	return err
}

// neighbours gives the two numbers of a metric of k neighbours; nil where there are too few pictures.
func neighbours(m metric.Metric, k int, reference, s scoredSet) ([]*float64, error) {
	n := min(manifold, reference.Features.N, s.Features.N)
	if n <= k {
		return nil, nil
	}
	v, err := measure(m, reference.Features.First(n), metric.Sample{Features: s.Features.First(n)}, nil)
	if err != nil {
		return nil, err
	}
	return []*float64{&v[0].Estimate.Mean, &v[1].Estimate.Mean}, nil
}

// scoreNovel asks how well compositions that training never saw are obeyed.
func scoreNovel(e *Evaluator, m *Metrics, _, s scoredSet) error {
	var novel Metrics
	err := novel.align(e.data.(dataset.Labelled).Attributes(), s)
	m.Novel, m.NovelStdErr = novel.Align, novel.AlignStdErr
	return err
}

// scoreStated asks how well pictures are drawn where captions leave no choice.
func scoreStated(e *Evaluator, m *Metrics, reference, s scoredSet) error {
	fid, clip, err := e.fidAndCLIP(reference, s)
	if err != nil {
		return err
	}
	m.Drawing = &Drawing{FID: fid.Estimate.Mean, FIDLow: fid.Estimate.Low, FIDHigh: fid.Estimate.High, CLIP: clip.Estimate.Mean, CLIPStdErr: clip.StdErr}
	pr, err := neighbours(metric.PrecisionRecall, eval.PRNeighbours, reference, s)
	if pr != nil {
		m.Drawing.Precision = pr[0]
	}
	return err
}

func (e *Evaluator) fidAndCLIP(reference, s scoredSet) (fid, clip metric.Value, err error) {
	f, err := measure(metric.FID, reference.Features, metric.Sample{Features: s.Features}, map[string]int{"blocks": e.Setup.Blocks})
	if err != nil {
		return fid, clip, err
	}
	if e.extractors.Pair == nil {
		return f[0], clip, nil
	}
	c, err := measure(metric.CLIPScore, eval.Features{}, metric.Sample{Features: s.Image, Captions: s.Text}, nil)
	if err != nil {
		return fid, clip, err
	}
	return f[0], c[0], nil
}

func measure(m metric.Metric, real eval.Features, generated metric.Sample, params map[string]int) ([]metric.Value, error) {
	return m.Compute(context.Background(), metric.Sample{Features: real}, generated, metric.Options{Params: params})
}

// align compares what the classifier saw with what the captions state.
func (m *Metrics) align(attributes []dataset.Attribute, s scoredSet) error {
	var correct, given []int // of the pictures whose caption states something
	hits, asked := make([]float64, len(attributes)), make([]float64, len(attributes))
	for i, facts := range s.Facts {
		right, stated := 0, 0
		for a, class := range facts.States {
			if class < 0 {
				continue
			}
			stated++
			asked[a]++
			if int(s.Classes[i*len(attributes)+a]) == class {
				right++
				hits[a]++
			}
		}
		if stated > 0 {
			correct, given = append(correct, right), append(given, stated)
		}
	}
	alignment, err := eval.NewAlignment(correct, given)
	if err != nil {
		return err
	}
	m.Align, m.AlignStdErr, m.AllCorrect = &alignment.Accuracy, &alignment.StdErr, &alignment.AllCorrect
	m.ByAttribute = map[string]float64{}
	for a, attribute := range attributes {
		if asked[a] > 0 {
			m.ByAttribute[attribute.Name] = hits[a] / asked[a]
		}
	}
	return nil
}
