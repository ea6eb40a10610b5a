// Package metric lists metrics by the name that users type: what each needs, how many pictures, which way is better, and how it is
// computed from features. It knows no network and no picture: extractors are named by their kind, and the caller of Compute runs them.
//
//	m, err := metric.ByName("fid")
//	values, err := m.Compute(ctx, real, generated, metric.Options{Seed: 1})
//
// One file holds one metric; adding it changes nothing else. Package eval computes the numbers.
package metric
