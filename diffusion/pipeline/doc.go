// Package pipeline draws pictures for captions with the networks of a bundle, or with a student's weights.
//
//	p := pipeline.New(backend, bundle)
//	g, err := p.Generator(pipeline.Teacher(25, 2), 8)
//	flat, spent, err := g.Draw(ctx, captions, seed)
//	pictures := p.Pictures(flat)
package pipeline
