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
// a dead process is free at once, and a run that was interrupted ends with the same bytes as one that was not: [Open] it, load the state
// of [Run.LatestCheckpoint], write each step's [Lines] before [Run.SaveCheckpoint], and [Run.Finish] with the result.
package record
