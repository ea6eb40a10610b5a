// Package metric is the register of metrics by the name that users type: what each needs, how many pictures it wants, which way is
// better, and how it is computed from features that are there already. It knows no network and no picture: extractors are named by
// their kind, and whoever calls Compute has run them.
//
//	m, err := metric.ByName("fid")
//	values, err := m.Compute(ctx, real, generated, metric.Options{Seed: 1})
//
// One file holds one metric; adding it edits nothing else. The numbers themselves are package eval's.
package metric
