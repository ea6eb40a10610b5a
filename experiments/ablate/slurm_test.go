package main

import (
	"flag"
	"strings"
	"testing"
)

// Tasks get the flags of the sweep; what concerns Slurm stays with the call that submits.
func TestTasksOfSlurmGetTheFlagsOfTheSweep(t *testing.T) {
	var o options
	args := []string{"--axis", "loss", "--seeds=1-8", "--out", "/shared/r", "--slurm", "3", "--sbatch", "--partition=gpu --gpus=1", "--dry-run"}
	if err := o.parse(flag.NewFlagSet("ablate", flag.ContinueOnError), args); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if err := submit(t.Context(), o, &said); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"#SBATCH --array=1-3\n", "#SBATCH --partition=gpu --gpus=1\n",
		"exec /shared/r/slurm/ablate --axis=loss --out=/shared/r --seeds=1-8 --among=3\n",
		"#SBATCH --dependency=afterany:ID\n", "exec /shared/r/slurm/ablate --axis=loss --out=/shared/r --seeds=1-8 --no-train\n",
	} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("scripts lack %q:\n%s", want, &said)
		}
	}
}

func TestSlurmWantsAFolderThatSbatchCanName(t *testing.T) {
	if err := submit(t.Context(), options{out: "/shared/my results", slurm: 2, dryRun: true}, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "want a path without spaces") {
		t.Errorf("error = %v, want the folder's name refused", err)
	}
}

func TestSlurmRefusesWhatATaskCannotDo(t *testing.T) {
	for args, want := range map[string]string{
		"--sbatch=--gpus=1":        "want --slurm beside it",
		"--slurm=0":                "slurm = 0, want ≥ 1",
		"--slurm=2 --processes=2":  "want it without processes",
		"--slurm=2 --print-config": "want it without processes",
		"--slurm=2 --engine=fast":  `"fast"`,
	} {
		var o options
		err := o.parse(flag.NewFlagSet("ablate", flag.ContinueOnError), strings.Fields(args))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error = %v, want %q", args, err, want)
		}
	}
}
