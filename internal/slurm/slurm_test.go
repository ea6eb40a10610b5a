package slurm

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScriptOfAnArray(t *testing.T) {
	j := Job{Name: "ablate", Program: "/shared/my results/ablate", Args: []string{"--axis=loss,lambda", "--data=it's here", "--cells="}, Tasks: 16, Logs: "/shared/logs", Options: "-p gpu --gpus=1"}
	want := `#!/bin/sh
#SBATCH --job-name=ablate
#SBATCH --array=1-16
#SBATCH --output=/shared/logs/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH -p gpu --gpus=1
exec '/shared/my results/ablate' --axis=loss,lambda '--data=it'\''s here' --cells=
`
	if diff := cmp.Diff(want, j.Script()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	j.Tasks, j.After = 0, "7"
	if got := j.Script(); !strings.Contains(got, "--dependency=afterany:7\n") || strings.Contains(got, "--array") {
		t.Errorf("the job after it: %s", got)
	}
}

// A shell reads the words of a script as they were meant.
func TestAShellReadsTheWords(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sh")
	}
	words := []string{"plain", "two words", "it's", "$HOME `ls` \"x\" \\", "", "a\nb", "*", "~"}
	var line []string
	for _, w := range words {
		line = append(line, quoted(w))
	}
	out, err := exec.Command("sh", "-c", `for w in `+strings.Join(line, " ")+`; do printf '%s\0' "$w"; done`).Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(words, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSubmitTellsTheIdOrWhatSbatchSays(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sh")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	j := Job{Name: "x", Program: "/x", Logs: "/logs"}
	if _, err := j.Submit(t.Context()); err == nil || !strings.Contains(err.Error(), "no program sbatch here") {
		t.Errorf("without sbatch: error = %v", err)
	}
	sbatch := func(script string) {
		if err := os.WriteFile(filepath.Join(dir, "sbatch"), []byte("#!/bin/sh\n"+script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	sbatch("echo '42;cluster'")
	if id, err := j.Submit(t.Context()); id != "42" || err != nil {
		t.Errorf("id = %q, error = %v, want 42", id, err)
	}
	sbatch("echo 'invalid partition' >&2; exit 1")
	if _, err := j.Submit(t.Context()); err == nil || !strings.Contains(err.Error(), "invalid partition") {
		t.Errorf("refused: error = %v, want what sbatch said", err)
	}
}
