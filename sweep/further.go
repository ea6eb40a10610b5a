package sweep

import (
	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

// further are the numbers beside FID and CLIP score that were measured, by the key of their [report.FurtherMetric], each with its
// interval over pictures where one is known. Old measurements lack some.
func (o Outcome) further() map[string]report.Estimate {
	none := 0.0
	found := map[string]report.Estimate{}
	for _, m := range []struct {
		key          string
		mean, stdErr *float64
	}{
		{"align", o.Align, o.AlignStdErr}, {"align_novel", o.Novel, o.NovelStdErr},
		{"precision", &o.Precision, &none}, {"recall", &o.Recall, &none}, {"density", o.Density, &none}, {"coverage", o.Coverage, &none},
		{"imbalance", o.Imbalance, &none},
	} {
		if m.mean != nil && m.stdErr != nil {
			found[m.key] = around(*m.mean, *m.stdErr)
		}
	}
	return found
}

// compareFurther tells rows from the default cell in these numbers, by Welch's test over the seeds that have them.
func compareFurther(rows []report.Row) {
	for _, m := range report.FurtherMetrics {
		of := func(r report.Row) (x []float64) {
			for _, s := range r.BySeed {
				if v, ok := s.Further[m.Key]; ok {
					x = append(x, v)
				}
			}
			return x
		}
		for i := range rows {
			for _, byDefault := range rows {
				if !byDefault.Default || rows[i].Default || unsteady(rows[i]) || unsteady(byDefault) {
					continue
				}
				w, err := eval.Welch(of(byDefault), of(rows[i]), confidence)
				if err != nil {
					continue
				}
				if rows[i].PFurther == nil {
					rows[i].PFurther = map[string]float64{}
				}
				rows[i].PFurther[m.Key] = w.P
			}
		}
	}
}
