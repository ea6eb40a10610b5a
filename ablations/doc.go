// Package ablations asks questions of the recipe: an Axis is a question, its Cells are edits to the default config of package
// distill, and the answer is a table of scores.
//
//	axes, err := ablations.Parse("disc-cond,loss")
//	plan, err := ablations.NewPlan(world, base, axes, []int64{1, 2, 3})
//	results, err := ablations.Run(ctx, ablations.Options{Plan: plan, Runs: "results/runs", …})
//	paths, err := plan.Write("results/disc-cond", axes[0], results)
//
// A cell that stands on several axes is trained once: what is trained and what is measured are records named by the hash of
// their config. So a sweep that was interrupted goes on where it stopped, and one that is finished costs nothing.
//
// An axis is one file with one call of register; nothing else knows it.
package ablations
