// Package sweep answers the questions of package ablations: it plans the runs behind the cells of axes, trains and measures them,
// and writes their tables.
//
//	axes, err := ablations.Parse("disc-cond,loss")
//	plan, err := sweep.NewPlan(world, base, axes, []int64{1, 2, 3})
//	results, err := sweep.Sweep{Plan: plan, Runs: "results/runs", …}.Run(ctx)
//	paths, err := plan.Write("results/disc-cond", axes[0], results)
//
// A cell that stands on several axes is trained once: what is trained and what is measured are records named by the hash of
// their config. So a sweep that was interrupted goes on where it stopped, and one that is finished costs nothing.
package sweep
