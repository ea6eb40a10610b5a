package protocol

import (
	"context"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
)

const (
	confidence = 0.95
	// manifold is the number of pictures for precision and recall, whose cost grows with its square.
	manifold = 1000
)

// Metrics compares the pictures, one per prompt, with the reference. It needs no engine.
func (s *Seen) Metrics() (Metrics, error) {
	j, seen, prompts := s.judge, s.seen, s.prompts
	m := Metrics{Images: seen.features.N, Seconds: s.spent.Seconds()}
	m.MillisPerImage = 1000 * m.Seconds / float64(max(m.Images, 1))
	fid, err := eval.FIDJackknife(context.Background(), j.reference, seen.features, j.Setup.Blocks, confidence)
	if err != nil {
		return m, err
	}
	m.FID, m.FIDLow, m.FIDHigh = fid.FID.Mean, fid.FID.Low, fid.FID.High
	clip, err := eval.CLIPScore(seen.image, seen.text)
	if err != nil {
		return m, err
	}
	m.CLIP, m.CLIPStdErr = clip.Mean, clip.StdErr
	if prompts.Stated != nil && seen.attributes != nil {
		if err := m.align(seen.attributes, prompts.Stated); err != nil {
			return m, err
		}
		if err := m.balance(j.shown, classesSeen{seen.attributes, prompts.Stated}); err != nil {
			return m, err
		}
	}
	k := eval.PRNeighbours
	if n := min(manifold, j.reference.N, seen.features.N); n > k {
		pr, err := eval.PrecisionRecall(context.Background(), firstRows(j.reference, n), firstRows(seen.features, n), k)
		if err != nil {
			return m, err
		}
		m.Precision, m.Recall = pr.Precision, pr.Recall
	}
	if n := min(manifold, j.reference.N, seen.features.N); n > eval.DCNeighbours {
		dc, err := eval.DensityCoverage(context.Background(), firstRows(j.reference, n), firstRows(seen.features, n), eval.DCNeighbours)
		if err != nil {
			return m, err
		}
		m.Density, m.Coverage = &dc.Density, &dc.Coverage
	}
	if s.novel.attributes != nil {
		var novel Metrics
		if err := novel.align(s.novel.attributes, j.novel.Stated); err != nil {
			return m, err
		}
		m.Novel, m.NovelStdErr = novel.Align, novel.AlignStdErr
	}
	return m, nil
}

// align compares what the classifier saw, [n,A], with what the captions state.
func (m *Metrics) align(seen []int32, stated []dataset.Attributes) error {
	names := dataset.AttributeNames
	correct, given := make([]int, len(stated)), make([]int, len(stated))
	hits, asked := make([]float64, len(names)), make([]float64, len(names))
	for i, want := range stated {
		for a, class := range want {
			if class < 0 {
				continue
			}
			given[i]++
			asked[a]++
			if int(seen[i*len(names)+a]) == class {
				correct[i]++
				hits[a]++
			}
		}
	}
	alignment, err := eval.NewAlignment(correct, given)
	if err != nil {
		return err
	}
	m.Align, m.AlignStdErr, m.AllCorrect = &alignment.Accuracy, &alignment.StdErr, &alignment.AllCorrectRate
	m.ByAttribute = map[string]float64{}
	for a, name := range names {
		if asked[a] > 0 {
			m.ByAttribute[name] = hits[a] / asked[a]
		}
	}
	return nil
}

func firstRows(f eval.Features, n int) eval.Features {
	return eval.Features{N: n, D: f.D, Data: f.Data[:n*f.D]}
}
