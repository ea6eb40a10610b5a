package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/ablations"
)

// sweepVariable makes this test program a process that runs a sweep in the folder that it names.
const sweepVariable = "ADDLAB_TEST_SWEEP"

func TestMain(m *testing.M) {
	if root := os.Getenv(sweepVariable); root != "" {
		if err := sweep(context.Background(), root); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Killed at random moments, a sweep ends with the same bytes. ADDLAB_TEST_KILLS=1000 kills more often.
func TestKilledSweepEndsWithTheSameBytes(t *testing.T) {
	kills := 3
	if s := os.Getenv("ADDLAB_TEST_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	want := shown(t, undisturbed(t))
	whole := time.Since(began)
	r := rand.New(rand.NewPCG(1, uint64(kills)))
	for done := 0; done < kills; {
		root := t.TempDir()
		for interrupted := true; interrupted; {
			cmd, said := process(t, root)
			if done < kills {
				time.AfterFunc(time.Duration(r.Float64()*float64(whole)), func() { cmd.Process.Kill() })
			}
			err := cmd.Wait()
			interrupted = err != nil
			if interrupted && said.Len() > 0 {
				t.Fatalf("after %d kills: %v: %s", done, err, said)
			}
			if interrupted {
				done++
			}
		}
		if diff := cmp.Diff(want, shown(t, root)); diff != "" {
			t.Fatalf("after %d kills (-undisturbed +killed)\n%s", done, diff)
		}
	}
	t.Logf("%d kills, %v for a sweep", kills, whole)
}

// Seven processes share a sweep: several do a part, nothing is done twice, and all show the whole. What an eighth held when it was killed
// is taken over.
func TestProcessesShareASweep(t *testing.T) {
	want, root := shown(t, undisturbed(t)), t.TempDir()
	sharing := map[*exec.Cmd]*bytes.Buffer{}
	for range 7 {
		cmd, said := process(t, root)
		sharing[cmd] = said
	}
	killed, _ := process(t, root)
	time.Sleep(30 * time.Millisecond)
	killed.Process.Kill()
	killed.Wait()
	for cmd, said := range sharing {
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	if diff := cmp.Diff(want, shown(t, root)); diff != "" {
		t.Errorf("(-one process +seven)\n%s", diff)
	}
	log, err := os.ReadFile(filepath.Join(root, "done.log"))
	if err != nil {
		t.Fatal(err)
	}
	by, times := map[int]int{}, map[string]int{}
	for line := range strings.Lines(string(log)) {
		var what, hash string
		var pid int
		if _, err := fmt.Sscan(line, &what, &hash, &pid); err != nil {
			t.Fatal(err)
		}
		if pid != killed.Process.Pid { // what it had just finished when it was killed may be done again
			by[pid]++
			times[what+" "+hash]++
		}
	}
	for what, n := range times {
		if n > 1 {
			t.Errorf("%s %d times", what, n)
		}
	}
	if len(by) < 2 { // how much each does is the scheduler's affair
		b, _ := json.Marshal(by)
		t.Errorf("work by process: %s, want several", b)
	}
}

func TestOtherRecipesAreCounted(t *testing.T) {
	root := t.TempDir()
	for name, config := range map[string]string{
		"ours": `{"kind":"distill","distill":{"recipe":1}}`, "older": `{"kind":"distill","distill":{"recipe":0}}`,
		"newer": `{"kind":"evaluate","recipe":99}`, "other": `{"kind":"pretrain","recipe":3}`, "broken": `{`,
	} {
		if err := os.MkdirAll(filepath.Join(root, "runs", name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "runs", name, "config.json"), []byte(config), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := OtherRecipes(openRuns(root))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"distill 0": 1, "evaluate 99": 1}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, err := OtherRecipes(openRuns(t.TempDir())); len(got) > 0 || err != nil {
		t.Errorf("no folder: %v, %v", got, err)
	}
}

// A sweep over a folder of another recipe measures everything anew: its records are never taken for this program's.
func TestOtherRecipesAreNeverMixed(t *testing.T) {
	l, root := &laboratory{}, t.TempDir()
	p := newTestPlan(t, []ablations.Axis{ablations.DiscCond}, 1)
	if _, err := l.options(p, root).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	trained, evaluated := l.trained, l.evaluated
	for i := range p.Jobs { // as a program of the next version would plan it
		if p.Jobs[i].Train != nil {
			p.Jobs[i].Train.Distill.Recipe++
		}
		p.Jobs[i].Evaluation.Recipe++
	}
	if _, err := l.options(p, root).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.trained != 2*trained || l.evaluated != 2*evaluated {
		t.Errorf("trained %d, evaluated %d, want %d and %d: all of it again", l.trained, l.evaluated, 2*trained, 2*evaluated)
	}
}
