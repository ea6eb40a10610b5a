package metric

import "github.com/addlab/addlab/eval"

// CLIPScore is the raw cosine: neither 100 nor 2.5 times it.
var CLIPScore = register(Metric{
	Name: "clip-score", Title: "cosine of picture and caption", Source: "Hessel et al. 2021",
	Outputs: []Output{{"clip-score", false}}, Extractor: "openclip-g14", Needs: Needs{Captions: true},
	Usual: 5000, Least: 1, Few: 500, Bias: "its interval is wide",
	compute: func(in Input) ([]Value, error) {
		score, err := eval.CLIPScore(in.Gen.Features, in.Gen.Captions)
		if err != nil {
			return nil, err
		}
		e, err := eval.TInterval(score.PerImage, in.Confidence)
		v, err := within(e, err, "Student's over pictures")
		v.PerImage, v.StdErr = score.PerImage, score.StdErr
		return []Value{v}, err
	},
})
