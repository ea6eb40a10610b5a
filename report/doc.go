// Package report turns measured ablations into something to look at: tables, a plot of the metrics, training curves and
// sample grids.
//
// A [Table] is one ablation axis. It prints as GitHub Markdown, CSV, JSON, LaTeX and plain text, and draws itself as
// metrics.png; [WriteAll] does all of these. [Curves] draws training metrics over steps and [Grid] draws named rows of
// small pictures under captions.
//
//	table := report.Table{Axis: "loss", Title: "Distillation loss", Rows: []report.Row{
//		{Name: "adv + exp", Default: true, Seeds: 3, Images: 5000, FID: report.Estimate{Mean: 41.2, Low: 40.1, High: 42.3, N: 3}},
//	}}
//	paths, err := report.WriteAll("results/loss", table, nil)
//
// Notation: ↓ lower is better, ↑ higher is better; "12.3 ± 0.4" and "12.3 [11.8, 13.1]" are a mean with its 95 % interval,
// a bare "12.3" has no known interval; "–" was not measured, and "collapsed" was measured and gave no finite FID.
//
// The package knows numbers and pictures only: it trains, scores and decides nothing.
package report
