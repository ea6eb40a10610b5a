// Package record keeps a run on disk, so that a number in a table can be traced and an interrupted run resumes.
//
// A run is its config: its folder is named by the hash of the config and holds
//
//	config.json    what was asked for
//	env.json       what it first ran on: commit, engine, versions, machine (env-2.json … where a later start differs)
//	metrics.jsonl  one line per logged step, and any other Lines
//	checkpoints/   the last two whole states, while the run lasts
//	result.json    the outcome; its presence means that the run is finished
//
// Runs that are finished can be packed: results/runs.jsonl has a line for each run of the folder results/runs. [Runs] finds a run in
// either, and [Saved] reads it. A pack has no weights, and its curves are thinned.
//
// A run can be killed at any moment. Files appear whole or not at all, a second process waits for the first, the lock of
// a dead process is free at once, and a run that was interrupted ends with the same bytes as one that was not, given a
// loop of this form:
//
//	run, err := record.Open(ctx, "results/runs", config, record.NewEnvironment("xla:cpu", "0.4.5", "2 cores"))
//	defer run.Close()
//	if run.Finished() {
//		return run.Result(&result)
//	}
//	first := 0
//	if step, dir, ok := run.LatestCheckpoint(); ok {
//		first = step
//		err = record.LoadStore(filepath.Join(dir, "state.safetensors"), store)
//	}
//	metrics, err := run.Lines("metrics.jsonl")
//	for step := first + 1; step <= steps; step++ {
//		…
//		metrics.Append(step, losses)
//		if step%every == 0 { // after the step's lines
//			run.SaveCheckpoint(step, func(dir string) error {
//				return record.SaveStore(filepath.Join(dir, "state.safetensors"), store)
//			})
//		}
//	}
//	return run.Finish(result)
package record
