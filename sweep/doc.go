// Package sweep plans the runs behind the cells of ablation axes, trains and evaluates them, and writes their tables.
//
//	runs, err := record.OpenRuns("results/runs")
//	axes, err := ablations.Parse("disc-cond,loss")
//	plan, err := sweep.NewPlan(inputs, base, axes, []int64{1, 2, 3})
//	results, err := sweep.Sweep{Plan: plan, Runs: runs, Worker: worker, Out: os.Stdout}.Run(ctx)
//	paths, err := plan.Write("results/disc-cond", axes[0], results)
//
// Trainings and evaluations are runs of package record, named by the hash of their config. So a cell of several axes is trained
// once, an interrupted sweep continues where it stopped, and a finished one costs nothing.
package sweep
