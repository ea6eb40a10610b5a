package eval

import (
	"encoding/json"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a mean with its confidence interval and its number of samples.
// Without a known interval, as for a single sample, the bounds are −Inf and +Inf, null in JSON. N = 0 means that nothing was measured.
type Estimate struct {
	Mean, Low, High float64
	N               int
}

// Alone is an estimate without an interval.
func Alone(mean float64, n int) Estimate {
	return Estimate{Mean: mean, Low: math.Inf(-1), High: math.Inf(1), N: n}
}

// Known reports whether e holds a measured number.
func (e Estimate) Known() bool { return e.N > 0 && finite(e.Mean) }

// HasInterval reports whether e holds a number with an interval around it.
func (e Estimate) HasInterval() bool {
	return e.Known() && finite(e.Low) && finite(e.High) && e.Low < e.High
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// TInterval is Student's interval of the mean of x, for instance of one cell's seeds.
func TInterval(x []float64, confidence float64) (Estimate, error) {
	if len(x) == 0 {
		return Estimate{}, fmt.Errorf("eval: interval: samples = 0, want at least one")
	}
	for i, v := range x {
		if !finite(v) {
			return Estimate{}, fmt.Errorf("eval: interval: sample %d = %v, want a finite number", i, v)
		}
	}
	mean, stdErr := meanStdErr(x)
	return MeanInterval(mean, stdErr, len(x), confidence)
}

// MeanInterval is Student's interval of a mean of n samples with a known standard error, with n−1 degrees of freedom.
func MeanInterval(mean, stdErr float64, n int, confidence float64) (Estimate, error) {
	if n < 1 || !(stdErr >= 0) {
		return Estimate{}, fmt.Errorf("eval: interval: n = %d, standard error = %v, want n ≥ 1 and an error ≥ 0", n, stdErr)
	}
	if err := validateConfidence(confidence); err != nil {
		return Estimate{}, err
	}
	if n == 1 || math.IsInf(stdErr, 1) {
		return Alone(mean, n), nil
	}
	half := stdErr * tQuantile(confidence, float64(n-1))
	return Estimate{Mean: mean, Low: mean - half, High: mean + half, N: n}, nil
}

// RateInterval is Wilson's score interval of a proportion. Unlike mean ± error it stays in [0,1] and is not empty at 0 of n or n of n.
func RateInterval(hits, n int, confidence float64) (Estimate, error) {
	if n < 1 || hits < 0 || hits > n {
		return Estimate{}, fmt.Errorf("eval: rate interval: hits = %d of %d, want 0 ≤ hits ≤ n, n ≥ 1", hits, n)
	}
	if err := validateConfidence(confidence); err != nil {
		return Estimate{}, err
	}
	p, m, z := float64(hits)/float64(n), float64(n), distuv.UnitNormal.Quantile((1+confidence)/2)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Estimate{Mean: p, Low: math.Max(0, centre-half), High: math.Min(1, centre+half), N: n}, nil
}

// tQuantile is t with P(|T| ≤ t) = confidence.
func tQuantile(confidence, freedom float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile((1 + confidence) / 2)
}

func validateConfidence(confidence float64) error {
	if !(confidence > 0 && confidence < 1) {
		return fmt.Errorf("eval: confidence = %v, want between 0 and 1, such as 0.95", confidence)
	}
	return nil
}

type estimateJSON struct {
	Mean float64  `json:"mean"`
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
	N    int      `json:"n"`
}

// MarshalJSON writes an infinite bound, for which JSON has no number, as null.
func (e Estimate) MarshalJSON() ([]byte, error) {
	bound := func(x float64) *float64 {
		if math.IsInf(x, 0) {
			return nil
		}
		return &x
	}
	return json.Marshal(estimateJSON{e.Mean, bound(e.Low), bound(e.High), e.N})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Estimate) UnmarshalJSON(data []byte) error {
	var j estimateJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*e = Alone(j.Mean, j.N)
	if j.Low != nil {
		e.Low = *j.Low
	}
	if j.High != nil {
		e.High = *j.High
	}
	return nil
}
