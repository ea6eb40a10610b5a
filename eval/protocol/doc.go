// Package protocol scores models of a bundle: which captions they draw, with which noise and how many, and what is measured on the
// pictures. The networks are extractors of package eval/extractor, the metrics those of package eval/metric. Alignment, imbalance and
// novel compositions are its own.
//
//	e, err := protocol.NewEvaluator(ctx, backend, bundle, data, protocol.DefaultSetup("cpu"))
//	metrics, pictures, err := e.Evaluate(ctx, pipeline.Teacher(25, 2))
package protocol
