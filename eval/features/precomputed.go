package features

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/eval/npy"
)

// IsPrecomputed reports whether an input is a file of features or statistics that were computed elsewhere.
func IsPrecomputed(spec string) bool {
	return strings.Contains(spec, pickleEntry) || slices.Contains([]string{".npy", ".npz", ".pkl"}, strings.ToLower(filepath.Ext(spec)))
}

// pickleEntry separates a pickle of edm2 from the name of its statistics, as in stats.pkl#fd_dinov2.
const pickleEntry = ".pkl#"

// Names under which tools keep features: dgm-eval, and what people call them.
var (
	featureNames = []string{"reps", "features", "feats", "arr_0"}
	logitNames   = []string{"logits", "logits_unbiased"}
)

// Precomputed is what a file holds of one set of pictures.
type Precomputed struct {
	Kind string // "features" or "statistics"
	N    int    // pictures; 0 where not known

	path    string
	samples map[string]metric.Sample // by kind of extractor; "" where the file does not tell it
	faults  map[string]error         // by kind of extractor; of entries that nobody may want
}

// Of gives what the file holds of an extractor's features.
func (p Precomputed) Of(extractor string) (metric.Sample, error) {
	if err := p.faults[extractor]; err != nil {
		return metric.Sample{}, err
	}
	for _, kind := range []string{extractor, ""} {
		if s, ok := p.samples[kind]; ok {
			return s, nil
		}
	}
	return metric.Sample{}, fmt.Errorf("features: %s holds statistics of %s, want those of %s", p.path, strings.Join(slices.Sorted(maps.Keys(p.samples)), ", "), extractor)
}

// ReadPrecomputed reads features, .npy [n,d] or .npz with reps (dgm-eval), features or logits; or statistics, .npz with mu and sigma
// (pytorch-fid, clean-fid, edm) and perhaps the number of pictures n, or .pkl of edm2, which holds those of several networks. A .npz may
// hold features and their statistics.
func ReadPrecomputed(path string) (Precomputed, error) {
	p := Precomputed{Kind: "features", path: path}
	var err error
	if file, name, ok := strings.Cut(path, pickleEntry); ok || strings.EqualFold(filepath.Ext(path), ".pkl") {
		if ok {
			file += ".pkl"
		}
		p.samples, p.faults, err = readPickled(file, name)
	} else {
		var s metric.Sample
		s, err = readArrays(path)
		p.samples = map[string]metric.Sample{"": s}
	}
	for _, s := range p.samples {
		if p.N = s.N(); s.Features.N == 0 && s.Logits.N == 0 {
			p.Kind = "statistics"
		}
	}
	return p, err
}

// readArrays reads a .npy or a .npz.
func readArrays(path string) (s metric.Sample, err error) {
	if strings.EqualFold(filepath.Ext(path), ".npy") {
		array, err := npy.ReadFile[float32](path)
		if err != nil {
			return s, err
		}
		if s.Features, err = matrix(array); err != nil {
			return s, fmt.Errorf("features: %s: %w", path, err)
		}
		return s, nil
	}
	a, err := npy.Open(path)
	if err != nil {
		return s, err
	}
	defer a.Close()
	if a.Has("mu") && a.Has("sigma") {
		stats, err := readStatistics(a)
		if err != nil {
			return s, fmt.Errorf("features: %s: %w", path, err)
		}
		s.Stats = &stats
	}
	for _, to := range []struct {
		features *eval.Features
		names    []string
	}{{&s.Features, featureNames}, {&s.Logits, logitNames}} {
		if i := slices.IndexFunc(to.names, a.Has); i >= 0 {
			if *to.features, err = loadFeatures(a, to.names[i]); err != nil {
				return s, fmt.Errorf("features: %s: %w", path, err)
			}
		}
	}
	if s.Features.N > 0 && s.Logits.N > 0 && s.Features.N != s.Logits.N {
		return s, fmt.Errorf("features: %s: rows of features = %d and of logits = %d, want equal", path, s.Features.N, s.Logits.N)
	}
	if stats := s.Stats; stats != nil && s.Features.N > 0 {
		if stats.N = cmp.Or(stats.N, s.Features.N); stats.N != s.Features.N || len(stats.Mean) != s.Features.D {
			return s, fmt.Errorf("features: %s: features have shape [%d %d], mu and sigma are of %d pictures and %d dimensions, want equal", path, s.Features.N, s.Features.D, stats.N, len(stats.Mean))
		}
	}
	if s.Stats == nil && s.Features.N == 0 && s.Logits.N == 0 {
		return s, fmt.Errorf("features: %s holds %s, want mu and sigma, or features under %s", path, strings.Join(a.Names(), ", "), strings.Join(featureNames, ", "))
	}
	return s, nil
}

func readStatistics(a *npy.Archive) (eval.Stats, error) {
	mu, errMu := npy.Load[float64](a, "mu")
	sigma, errSigma := npy.Load[float64](a, "sigma")
	if err := cmp.Or(errMu, errSigma); err != nil {
		return eval.Stats{}, err
	}
	stats, err := newStatistics(mu, sigma)
	names := []string{"n", "num_samples"}
	i := slices.IndexFunc(names, a.Has)
	if err != nil || i < 0 {
		return stats, err
	}
	n, err := npy.Load[int64](a, names[i])
	if err == nil && (len(n.Data) != 1 || n.Data[0] < 1) {
		err = fmt.Errorf("%s = %v, want one number of pictures", names[i], n.Data)
	}
	if err == nil {
		stats.N = int(n.Data[0])
	}
	return stats, err
}

// newStatistics checks what a mean and a covariance must be, as far as single values show it.
func newStatistics(mu, sigma npy.Array[float64]) (eval.Stats, error) {
	d := len(mu.Data)
	if d == 0 || len(sigma.Shape) != 2 || sigma.Shape[0] != d || sigma.Shape[1] != d {
		return eval.Stats{}, fmt.Errorf("mu has shape %v and sigma %v, want [d] and [d d]", mu.Shape, sigma.Shape)
	}
	stats := eval.Stats{Mean: mu.Data, Cov: mat.NewSymDense(d, nil)}
	largest := floats.Norm(sigma.Data, math.Inf(1))
	for i := range d {
		for j := i; j < d; j++ {
			upper, lower := sigma.Data[i*d+j], sigma.Data[j*d+i]
			if math.Abs(upper-lower) > 1e-6*largest {
				return eval.Stats{}, fmt.Errorf("sigma[%d,%d] = %g and sigma[%d,%d] = %g, want a symmetric covariance", i, j, upper, j, i, lower)
			}
			if bound := math.Sqrt(max(sigma.Data[i*d+i], 0) * max(sigma.Data[j*d+j], 0)); math.Abs(upper) > bound+1e-6*largest {
				return eval.Stats{}, fmt.Errorf("sigma[%d,%d] = %g, want |sigma[i,j]| ≤ √(sigma[i,i]·sigma[j,j]) as in a covariance", i, j, upper)
			}
			stats.Cov.SetSym(i, j, (upper+lower)/2)
		}
	}
	return stats, stats.Validate()
}

// WriteStatistics writes mu, sigma and, where it is known, n so that pytorch-fid and clean-fid read them.
func WriteStatistics(path string, s eval.Stats) error {
	d := len(s.Mean)
	sigma := make([]float64, 0, d*d)
	for i := range d {
		for j := range d {
			sigma = append(sigma, s.Cov.At(i, j))
		}
	}
	members := []npy.Member{
		npy.As("mu", npy.Array[float64]{Shape: []int{d}, Data: s.Mean}),
		npy.As("sigma", npy.Array[float64]{Shape: []int{d, d}, Data: sigma}),
	}
	if s.N > 0 {
		members = append(members, npy.As("n", npy.Array[int64]{Shape: []int{}, Data: []int64{int64(s.N)}}))
	}
	return npy.WriteArchive(path, members...)
}
