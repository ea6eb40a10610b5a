package sweep

import (
	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/report"
)

// metric is a number of an outcome, as tables show it. A new metric is one entry below.
type metric struct {
	report.Metric
	of func(Outcome) eval.Estimate // of one seed, with its interval over pictures where one is known
}

var metrics = []metric{
	{report.Metric{Key: ablations.FID, Name: "FID", Better: report.Lower, Digits: 1, Main: true, Plot: true, Ratio: true},
		func(o Outcome) eval.Estimate { return eval.Estimate{Mean: o.FID, Low: o.FIDLow, High: o.FIDHigh, N: 1} }},
	{report.Metric{Key: ablations.CLIP, Name: "CLIP", Better: report.Higher, Digits: 3, Main: true, Plot: true},
		func(o Outcome) eval.Estimate {
			if o.Evaluation.unscored() {
				return eval.Estimate{}
			}
			return around(&o.CLIP, &o.CLIPStdErr)
		}},
	{report.Metric{Key: drawingFID, Name: "drawing FID", Better: report.Lower, Digits: 2, Main: true, Plot: true, Ratio: true,
		About: "of features that see strokes, over captions that state everything; the paper's FID is judged by it"}, drawing(func(d protocol.Drawing) eval.Estimate {
		return eval.Estimate{Mean: d.FID, Low: d.FIDLow, High: d.FIDHigh, N: 1}
	})},
	{report.Metric{Key: "drawing_clip", Name: "drawing CLIP", Better: report.Higher, Digits: 3, About: "over captions that state everything"},
		drawing(func(d protocol.Drawing) eval.Estimate { return around(&d.CLIP, &d.CLIPStdErr) })},
	{report.Metric{Key: "drawing_precision", Name: "drawing precision", Better: report.Higher, Digits: 3},
		drawing(func(d protocol.Drawing) eval.Estimate { return around(d.Precision, nil) })},
	{report.Metric{Key: "align", Name: "align", Better: report.Higher, Digits: 3, Main: true, About: "share of the stated attributes that a classifier finds in the picture"},
		func(o Outcome) eval.Estimate { return around(o.Align, o.AlignStdErr) }},
	{report.Metric{Key: "align_novel", Name: "align, novel", Better: report.Higher, Digits: 3, About: "on pairs of attributes that training never saw together"},
		func(o Outcome) eval.Estimate { return around(o.Novel, o.NovelStdErr) }},
	{report.Metric{Key: "precision", Name: "precision", Better: report.Higher, Digits: 3}, func(o Outcome) eval.Estimate { return around(&o.Precision, nil) }},
	{report.Metric{Key: "recall", Name: "recall", Better: report.Higher, Digits: 3}, func(o Outcome) eval.Estimate { return around(&o.Recall, nil) }},
	{report.Metric{Key: "density", Name: "density", Better: report.Higher, Digits: 3}, func(o Outcome) eval.Estimate { return around(o.Density, nil) }},
	{report.Metric{Key: "coverage", Name: "coverage", Better: report.Higher, Digits: 3}, func(o Outcome) eval.Estimate { return around(o.Coverage, nil) }},
	{report.Metric{Key: "imbalance", Name: "imbalance", Better: report.Lower, Digits: 3, About: "total variation between real and generated choices of unstated attributes, 0 to 1"},
		func(o Outcome) eval.Estimate { return around(o.Imbalance, nil) }},
}

const drawingFID = drawingPrefix + "fid"

// drawingPrefix begins the keys of metrics that measurements before them lack: a table that has none of them does not list them.
const drawingPrefix = "drawing_"

// drawing is a number of how pictures are drawn; old measurements have none.
func drawing(of func(protocol.Drawing) eval.Estimate) func(Outcome) eval.Estimate {
	return func(o Outcome) eval.Estimate {
		if o.Drawing == nil {
			return eval.Estimate{}
		}
		return of(*o.Drawing)
	}
}

// times stand apart from the other metrics: tables come out the same on every machine and after every interruption, times do not.
var times = []metric{
	{report.Metric{Key: "train_seconds", Name: "training, s", About: "seconds of the process that trained, compiling included, beside whatever else ran; rows do not compare"},
		func(o Outcome) eval.Estimate { return timed(o.TrainSeconds) }},
	{report.Metric{Key: "ms_per_image", Name: "ms per image", Digits: 2, About: "of sampling, beside whatever else ran; speed --sampling compares"},
		func(o Outcome) eval.Estimate { return timed(o.MillisPerImage) }},
}

func columns(list []metric) (columns []report.Metric) {
	for _, m := range list {
		columns = append(columns, m.Metric)
	}
	return columns
}

// around is a mean over pictures with its 95 % interval, where its standard error is known; there are always enough of them for a normal
// quantile. Old measurements lack some means.
func around(mean, stdErr *float64) eval.Estimate {
	const z = 1.959964
	switch {
	case mean == nil:
		return eval.Estimate{}
	case stdErr == nil:
		return eval.Alone(*mean, 1)
	}
	return eval.Estimate{Mean: *mean, Low: *mean - z**stdErr, High: *mean + z**stdErr, N: 1}
}

func timed(x float64) eval.Estimate {
	if x > 0 {
		return eval.Alone(x, 1)
	}
	return eval.Estimate{}
}

// overSeeds is Student's interval of the mean over seeds; for one seed it is the evaluation's own, over pictures.
func overSeeds(x []eval.Estimate) eval.Estimate {
	if len(x) == 1 {
		return x[0]
	}
	var means []float64
	for _, e := range x {
		means = append(means, e.Mean)
	}
	e, err := eval.TInterval(means, confidence)
	if err != nil { // of nothing
		return eval.Estimate{}
	}
	return e
}
