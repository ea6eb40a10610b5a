package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/sweep"
)

func TestWrongCalls(t *testing.T) {
	empty, bare := t.TempDir(), tinybundle.Write(t, "text", "teacher")
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"no prompt", nil, `--prompt "a large red star`},
		{"an empty prompt", []string{"--prompt", " "}, "want a caption"},
		{"steps that are no numbers", []string{"--prompt", "a star", "--steps", "1,few"}, `steps = "1,few"`},
		{"no pictures", []string{"--prompt", "a star", "-n", "0"}, "n = 0"},
		{"an unknown form", []string{"--prompt", "a star", "--form", "square"}, `form = "square"`},
		{"another form of picture", []string{"--prompt", "a star", "--out", "star.jpg"}, `out = "star.jpg", want a file that ends in .png`},
		{"no student yet", []string{"--prompt", "a star", "--results", empty, "--pretrained", bare}, "go run ./experiments/ablate"},
		{"an unknown sampler", []string{"--prompt", "a star", "--sampler", "ddim,midpoint"}, `sampler = "midpoint", want one of ddim, dpmpp2m, unipc, euler, heun, euler-ancestral`},
		{"a sampler of nothing", []string{"--prompt", "a star", "--teacher=false", "--sampler", "ddim"}, "--sampler has no effect with --teacher=false"},
		{"steps of nothing", []string{"--prompt", "a star", "--teacher=false", "--teacher-steps", "4"}, "--teacher-steps has no effect with --teacher=false"},
		{"no teacher step", []string{"--prompt", "a star", "--run", shipped, "--pretrained", "../../pretrained/scenes", "--teacher-steps", "0"}, "the teacher by dpmpp2m: diffusion: steps = 0, want ≥ 1"},
		{"a name for nothing", []string{"--prompt", "a star", "--as", "student-first"}, "--as student-first has no effect without --ship"},
		{"a name that no student has", []string{"--run", "x", "--ship", "ADD", "--as", "first"}, "as = \"first\", want a word that begins with student-"},
		{"nothing to ship", []string{"--ship", "ADD"}, "run is missing"},
		{"a run that is not there", []string{"--prompt", "a star", "--results", empty, "--run", "0123456789ab"}, `run = "0123456789ab"`},
		{"no student of the data", []string{"--prompt", "a star", "--data", "emoji", "--results", empty, "--pretrained", bare}, "go run ./experiments/ablate --data emoji --axis"},
		{"data and a run", []string{"--prompt", "a star", "--data", "emoji", "--run", "0123456789ab"}, "--data emoji has no effect with --run 0123456789ab"},
		{"a column for nothing", []string{"--prompt", "a star", "--text", "caption"}, "--data scenes --text caption: columns have no effect without --ship"},
		{"a folder without a name", []string{"--export", "", "--prompt", "a star"}, "export is empty, want a folder"},
		{"a caption for a folder", []string{"--export", empty, "--prompt", "a star"}, "--prompt has no effect with --export"},
		{"two things to do with a run", []string{"--export", empty, "--run", "x", "--ship", "ADD"}, "--ship has no effect with --export"},
		{"a model that is a folder already", []string{"--export", empty, "--model", "x"}, "--export has no effect with --model"},
		{"a forgotten --prompt", []string{"a star"}, `argument = "a star"`},
	} {
		t.Run(c.why, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if rc := command().Run(t.Context(), c.args, &stdout, &stderr); rc != 1 {
				t.Errorf("rc = %d, want 1", rc)
			}
			if got := stderr.String(); !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("stderr = %q, want one line with %q", got, c.want)
			}
		})
	}
}

// The wrong number of steps of the teacher ends the call before an engine opens.
func TestUnknownWordsAreToldWithTheKnownOnes(t *testing.T) {
	var stdout, stderr bytes.Buffer
	rc := command().Run(t.Context(), []string{"--prompt", "a huge car", "--teacher-steps", "0", "--run", shipped, "--pretrained", "../../pretrained/scenes"}, &stdout, &stderr)
	if want := `never seen ["huge" "car"] of "a huge car": they know 27 words: a, above, an, `; rc != 1 || !strings.Contains(stderr.String(), want) {
		t.Errorf("rc = %d, stderr = %q, want 1 and %q", rc, &stderr, want)
	}
}

// A student of pure noise alone is asked for several steps with a word of warning, for one without.
func TestStudentsOfOneStepWarn(t *testing.T) {
	results := t.TempDir()
	run := finished(t, results, "smoke", 0, func(c *distill.Config) { c.Times, c.SignalLeak, c.Pure = []int{1000}, false, 0 })
	for steps, warns := range map[string]bool{"1": false, "1,4": true} {
		var stdout, stderr bytes.Buffer
		command().Run(t.Context(), []string{"--prompt", "a star", "--steps", steps, "--run", run, "--pretrained", "../../pretrained/scenes", "--engine", "go", "--out", filepath.Join(results, "x.png")}, &stdout, &stderr)
		if got := strings.Contains(stderr.String(), "trained to draw in one step, want --steps 1: in 4"); got != warns {
			t.Errorf("--steps %s: stderr = %q, a warning %v, want %v", steps, stderr.String(), got, warns)
		}
	}
}

// finished makes the folder of a finished training.
func finished(t *testing.T, results, scale string, age time.Duration, edit func(*distill.Config)) string {
	t.Helper()
	cfg, err := distill.DefaultConfig(scale)
	if err != nil {
		t.Fatal(err)
	}
	edit(&cfg)
	run, err := record.Open(t.Context(), filepath.Join(results, "runs"), distill.RunConfig{Kind: "distill", Distill: cfg}, record.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if err := os.WriteFile(filepath.Join(run.Dir(), distill.StudentFile), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(map[string]int{}); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-age)
	if err := os.Chtimes(filepath.Join(run.Dir(), "result.json"), when, when); err != nil {
		t.Fatal(err)
	}
	return run.Dir()
}

func TestChooseRun(t *testing.T) {
	results, bare := t.TempDir(), tinybundle.Write(t, "text", "teacher") // no student is shipped
	toy := finished(t, results, "smoke", time.Minute, func(*distill.Config) {})
	choose := func(name string) string {
		r, _, _, err := chooseRun(options{results: results, run: name, pretrained: bare})
		if err != nil {
			t.Fatal(err)
		}
		return r.Dir
	}
	if got := choose(""); got != toy {
		t.Errorf("run = %s, want the only one, %s", got, toy)
	}
	finished(t, results, "cpu", 3*time.Minute, func(*distill.Config) {})
	newest := finished(t, results, "cpu", 2*time.Minute, func(c *distill.Config) { c.Seed = 7 })
	other := finished(t, results, "cpu", 0, func(c *distill.Config) { c.Lambda = 1 })
	for name, want := range map[string]string{
		"": newest, filepath.Base(other): other, other: other, filepath.Join(other, distill.StudentFile): other,
	} {
		if got := choose(name); got != want {
			t.Errorf("--run %q = %s, want %s", name, got, want)
		}
	}
}

// With --data, runs of other data do not count, however new they are.
func TestChooseRunOfADataset(t *testing.T) {
	results, bundle := t.TempDir(), tinybundle.Load(t, "text", "teacher") // of scenes
	older := finished(t, results, "cpu", time.Minute, func(*distill.Config) {})
	r, _, _, err := chooseRun(options{results: results, pretrained: bundle.Dir, ofData: true, set: dataset.Spec{Name: "scenes"}})
	if err != nil || r.Dir != older {
		t.Errorf("of scenes: %s, %v, want %s", r.Dir, err, older)
	}
	if r, _, _, err = chooseRun(options{results: results, pretrained: bundle.Dir, ofData: true, set: dataset.Spec{Name: "emoji"}}); err == nil {
		t.Errorf("of emoji: %s, want none", r.Dir)
	}
}

func TestStudentsOfOtherDataAreFoundWhereAblatePutsThem(t *testing.T) {
	results, bundle := t.TempDir(), tinybundle.Load(t, "text", "teacher")
	emoji := dataset.Spec{Name: "emoji"}
	path := filepath.Join(bundle.Dir, "bundle.json")
	manifest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(manifest, []byte(`"data": "scenes"`), []byte(`"data": "emoji"`), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	own := finished(t, sweep.FolderOf(results, emoji), "cpu", time.Hour, func(*distill.Config) {})
	for _, o := range []options{{ofData: true, set: emoji}, {run: filepath.Base(own)}} {
		o.results, o.pretrained = results, bundle.Dir
		if r, _, _, err := chooseRun(o); err != nil || r.Dir != own {
			t.Errorf("%+v: %s, %v, want %s", o, r.Dir, err, own)
		}
	}
}

// A run's networks need not be the bundle's small ones, and how many steps there are is for the sampler to say.
func TestRowsAreThoseOfTheRun(t *testing.T) {
	pretrained := tinybundle.Write(t, "text", "teacher")
	run := func(edit func(*distill.Config)) (sweep.StudentRun, *pipeline.Pipeline) {
		dir := finished(t, t.TempDir(), "smoke", 0, edit)
		s, _, bundle, err := choose(options{run: dir, pretrained: pretrained})
		if err != nil {
			t.Fatal(err)
		}
		return s, pipeline.New(nil, bundle)
	}
	small, p := run(func(*distill.Config) {})
	large, _ := run(func(c *distill.Config) { c.StudentNet, c.TeacherNet = "teacher-l", "teacher-dit" })
	once, _ := run(func(c *distill.Config) { c.Times = []int{1000} })
	few := func(s sweep.StudentRun, net string, k int) pipeline.Sampling {
		return pipeline.FewSteps(s.Student(), s.Config.Distill.Times, k, diffusion.Renoise).For(net)
	}
	teacher := func(net string) pipeline.Sampling {
		return pipeline.Teacher(25, protocol.DefaultSetup("smoke").Guidance).For(net)
	}
	named := func(name string, s pipeline.Sampling) pipeline.Named { return pipeline.Named{Name: name, Sampling: s} }
	for _, c := range []struct {
		why   string
		s     sweep.StudentRun
		steps []int
		want  []pipeline.Named
	}{
		{"the bundle's own networks", small, []int{1}, []pipeline.Named{named("teacher, 25 steps", teacher("")), named("student, 1 step", few(small, "", 1))}},
		{"a large student of a transformer", large, []int{2}, []pipeline.Named{named("teacher-dit, 25 steps", teacher("teacher-dit")), named("student, 2 steps", few(large, "teacher-l", 2))}},
		{"twice as many steps as times", small, []int{8}, []pipeline.Named{named("teacher, 25 steps", teacher("")), named("student, 8 steps", few(small, "", 8))}},
		{"the default steps of a student of one time", once, []int{1, 2, 4}, []pipeline.Named{
			named("teacher, 25 steps", teacher("")), named("student, 1 step", few(once, "", 1)), named("student, 2 steps", few(once, "", 2)), named("student, 4 steps", few(once, "", 4)),
		}},
	} {
		got, err := options{steps: c.steps, form: diffusion.Renoise, teacher: true, teacherSteps: 25, samplers: []diffusion.Sampler{diffusion.DPMSolverPP2M{}}}.rows(c.s, p)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", c.why, err, diff)
		}
	}
	solvers, err := options{teacher: true, teacherSteps: 4, samplers: []diffusion.Sampler{diffusion.UniPC{}, diffusion.DPMSolverPP2M{}}}.rows(small, p)
	fast := pipeline.Teacher(4, protocol.DefaultSetup("smoke").Guidance)
	want := []pipeline.Named{named("teacher, 4 steps, unipc", fast), named("teacher, 4 steps", fast)}
	want[0].Sampler = diffusion.UniPC{}
	if diff := cmp.Diff(want, solvers); err != nil || diff != "" {
		t.Errorf("two solvers: error %v (-want +got):\n%s", err, diff)
	}
	_, err = options{steps: []int{5}, form: diffusion.Renoise}.rows(small, p)
	if want := "steps = 5, want 1 to 4, the number of times, or a multiple of it: the student was trained on times [980 750 500 250]"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q", err, want)
	}
}

// A student of four times draws in one to four steps in Python and in eight; a folder with other files is left alone.
func TestExport(t *testing.T) {
	bundle, dir := tinybundle.Write(t, "text", "teacher"), finished(t, t.TempDir(), "smoke", 0, func(*distill.Config) {})
	trained, err := os.ReadFile(tinybundle.WritePart(t, "teacher", 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, distill.StudentFile), trained, 0o666); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "student")
	args := []string{"--run", dir, "--pretrained", bundle, "--engine", "go", "--export", folder}
	for range 2 { // the second finds the same
		if got, want := call(t, args...), "wrote "+folder+" for diffusers: draws in 1, 2, 3, 4, 8 steps\n"; !strings.Contains(got, want) {
			t.Errorf("stdout = %q, want %q", got, want)
		}
	}
	var index struct {
		Plans map[string][]struct{ Timestep, Noise float64 }
	}
	if err := record.ReadJSON(filepath.Join(folder, "model_index.json"), &index); err != nil || len(index.Plans) != 5 {
		t.Fatalf("plans = %v (%v), want five", index.Plans, err)
	}
	if plan := index.Plans["2"]; len(plan) != 2 || plan[0].Timestep != 980 || plan[1].Timestep != 500 || plan[0].Noise == 0 || plan[1].Noise != 0 {
		t.Errorf("two steps = %v, want timesteps 980 and 500 with noise between", plan)
	}
	var stdout, stderr bytes.Buffer
	if rc := command().Run(t.Context(), append(args, "--form", "ode"), &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), folder+" is there already with other files, want a new folder") {
		t.Errorf("another form: rc = %d, stderr = %q", rc, &stderr)
	}
}
