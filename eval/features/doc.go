// Package features brings sets of pictures before extractors and metrics: what an extractor has seen once stays in a cache by content, so
// that metrics share features, an interrupted extraction resumes, and a second call extracts nothing.
//
//	collected, err := features.Collect(ctx, set, extractor, features.Options{Cache: cache})
//
// Notation: n pictures, d dimensions of a feature.
package features
