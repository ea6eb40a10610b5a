package main

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/record"
)

// folder writes pictures of one colour each, with their captions; "" is a picture without one.
func folder(t *testing.T, red uint8, captions ...string) string {
	t.Helper()
	dir, lines := t.TempDir(), ""
	for i, caption := range captions {
		name := fmt.Sprintf("%02d.png", i)
		if err := os.WriteFile(filepath.Join(dir, name), plain(t, 4, red, uint8(i), 0), 0o666); err != nil {
			t.Fatal(err)
		}
		if caption != "" {
			lines += fmt.Sprintf("{\"file_name\": %q, \"text\": %q}\n", name, caption)
		}
	}
	if lines != "" {
		writeFile(t, filepath.Join(dir, "metadata.jsonl"), lines)
	}
	return dir
}

func gathered(t *testing.T, args ...string) (methods []method, captions []string, stdout, stderr string, err error) {
	t.Helper()
	var o options
	var out, notes bytes.Buffer
	if err := flags(&o, args); err != nil {
		return nil, nil, "", "", err
	}
	methods, captions, err = o.gather(t.Context(), &out, &notes)
	return methods, captions, out.String(), notes.String(), err
}

// red and number of a picture that folder wrote.
func colour(t *testing.T, picture []byte) [2]uint32 {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	r, g, _, _ := m.At(0, 0).RGBA()
	return [2]uint32{r >> 8, g >> 8}
}

// Pictures are paired by caption, whatever their names and order. Two of one caption are paired in the order of names.
func TestFoldersArePairedByCaption(t *testing.T) {
	a := folder(t, 10, "a ring", "a star", "a ring", "only here", "a  square ", "")
	b := folder(t, 20, "a square", "a ring", "a ring", "a ring", "a star")
	methods, captions, stdout, stderr, err := gathered(t, "ours="+a, "theirs="+b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a ring", "a star", "a ring", "a square"}, captions); diff != "" {
		t.Errorf("captions (-want +got):\n%s", diff)
	}
	for i, want := range [][2][2]uint32{{{10, 0}, {20, 1}}, {{10, 1}, {20, 4}}, {{10, 2}, {20, 2}}, {{10, 4}, {20, 0}}} {
		if got := [2][2]uint32{colour(t, methods[0].pictures[i]), colour(t, methods[1].pictures[i])}; got != want {
			t.Errorf("pair %d shows %v, want %v", i, got, want)
		}
	}
	for _, want := range []string{
		"1 of 6 pictures have no caption and are left out, such as 05.png",
		`ours: 1 of 5 pictures have no partner in every method and are left out, such as that of "only here"`,
		`theirs: 1 of 5 pictures have no partner in every method and are left out, such as number 3 of "a ring"`,
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
	if !strings.Contains(stdout, "ours: pictures of "+a) {
		t.Errorf("stdout = %q", stdout)
	}

	_, some, _, _, err := gathered(t, a, b, "--captions", "2")
	_, same, _, _, _ := gathered(t, a, b, "--captions", "2")
	if err != nil || len(some) != 2 || !cmp.Equal(some, same) {
		t.Errorf("two captions: %q, again %q, %v", some, same, err)
	}
}

func TestMethodsThatCannotBe(t *testing.T) {
	a, bare, far := folder(t, 1, "a ring"), folder(t, 2, "", ""), folder(t, 3, "a cat")
	broken := folder(t, 4, "a ring")
	writeFile(t, filepath.Join(broken, "00.png"), readFile(t, filepath.Join(broken, "00.png"))[:50])
	finished, networks := tinyRun(t)
	for why, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":                      {nil, "methods = 0, want two or more"},
		"one method":                   {[]string{a}, "methods = 1, want two or more"},
		"two of a name":                {[]string{"teacher", "teacher=" + a}, `two methods are called "teacher"`},
		"no name":                      {[]string{"=" + a, a}, "want a name before the ="},
		"steps that are no number":     {[]string{"teacher@few", a}, "want a number of steps ≥ 1 after the @"},
		"no steps":                     {[]string{"teacher@0", a}, "want a number of steps ≥ 1 after the @"},
		"a folder that is not there":   {[]string{"x=pictures/none", a}, `method "x": neither a folder of pictures, nor a run in`},
		"an axis without the cell":     {[]string{"disc-cond/nix", a}, `disc-cond has no cell "nix"`},
		"a cell that never ran":        {[]string{"disc-cond/text", a, "--results", t.TempDir()}, "go run ./experiments/ablate --data scenes --axis disc-cond --cells text trains it"},
		"a folder without captions":    {[]string{"b=" + bare, a}, `none of 2 pictures has a caption, want a metadata.jsonl beside them with lines {"file_name": "00.png", "text": "its caption"}`},
		"columns of no method":         {[]string{a, far, "--text", "caption"}, `text = "caption" name columns of parquet files, and no method has any`},
		"a table of other captions":    {[]string{"x=" + a, "y=../../dataset/testdata/parquet/snappy.parquet", "--image", "picture", "--text", "words"}, `"y" has 8 captioned pictures, such as "a cat"`},
		"a table with several texts":   {[]string{"x=" + a, "y=../../dataset/testdata/parquet/snappy.parquet"}, `none of 10 pictures has a caption: ../../dataset/testdata/parquet/snappy.parquet: 1 parquet files are read without captions: 2 columns can hold captions (words, url), want --text NAME`},
		"no caption in common":         {[]string{"x=" + a, "y=" + far}, `no caption is in all methods, want the same captions to pair their pictures by: "x" has 1 captioned picture, such as "a ring"; "y" has 1 captioned picture, such as "a cat"`},
		"a picture that is broken":     {[]string{"x=" + a, "y=" + broken}, `method "y": 00.png: PNG`},
		"steps of pictures":            {[]string{"scenes@4", a}, "steps = 4, want none"},
		"steps that are not possible":  {[]string{finished + "@3", a, "--pretrained", networks}, "steps = 3, want 1 to 2"},
		"a run without its student":    {[]string{"x=" + filepath.Dir(writeFile(t, filepath.Join(t.TempDir(), "r", "config.json"), "{}")), a}, "no pictures"},
		"folders with the same":        {[]string{"x=" + a, "y=" + a}, "x and y have the same pictures"},
		"a votes option for the pages": {[]string{a, far, "--all-voters"}, "belong to --report"},
		"methods for a report":         {[]string{a, "--report"}, "want none: the votes name them"},
		"no pairs":                     {[]string{a, far, "--pairs", "0"}, "pairs = 0, want ≥ 1"},
		"a port that is none":          {[]string{a, far, "--port", "70000"}, "port = 70000"},
		"an unknown engine":            {[]string{a, far, "--engine", "abacus"}, `abacus`},
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"--votes", filepath.Join(t.TempDir(), "votes.jsonl"), "--pretrained", t.TempDir()}, c.args...)
		if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: rc = %d, %s, want %q", why, rc, &stderr, c.want)
		}
	}
}

// What follows an @ is a number of steps, but of a set of the hub a revision.
func TestRevisionsAreNoSteps(t *testing.T) {
	for text, want := range map[string]argument{
		"teacher@4":                    {name: "teacher@4", what: "teacher", steps: 4},
		"cats=hf:me/cats@refs/convert": {name: "cats", what: "hf:me/cats@refs/convert"},
	} {
		if got, err := parseArgument(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
}

// tinyRun is a finished training of two times, with a student of random weights, and the networks that it started from.
func tinyRun(t *testing.T) (dir, pretrained string) {
	t.Helper()
	pretrained = tinybundle.Write(t, "text", "teacher")
	cfg, err := distill.DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Times = []int{1000, 500}
	run, err := record.Open(t.Context(), filepath.Join(t.TempDir(), "runs"), distill.RunConfig{Kind: "distill", Distill: cfg}, record.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	student, err := os.ReadFile(tinybundle.WritePart(t, "teacher", 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(run.Dir(), distill.StudentFile), student, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run.Finish(map[string]int{}); err != nil {
		t.Fatal(err)
	}
	return run.Dir(), pretrained
}

// Teacher and students draw for the captions of a folder, and the same study is drawn again.
func TestNetworksDrawTheCaptionsOfAFolder(t *testing.T) {
	run, pretrained := tinyRun(t)
	pictures := folder(t, 9, "a red ring", "a blue star", "a red ring")
	args := []string{"folder=" + pictures, "teacher@3", "one=" + run, "two=" + filepath.Join(run, distill.StudentFile) + "@2", "--pretrained", pretrained, "--engine", "go"}
	methods, captions, stdout, stderr, err := gathered(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a red ring", "a blue star", "a red ring"}, captions); diff != "" || len(methods) != 4 {
		t.Fatalf("%d methods, captions (-want +got):\n%s", len(methods), diff)
	}
	for i, a := range methods {
		for k, b := range methods[:i] {
			if bytes.Equal(a.pictures[0], b.pictures[0]) {
				t.Errorf("%s and %s draw the same", a.name, methods[k].name)
			}
		}
		if bytes.Equal(a.pictures[0], a.pictures[2]) {
			t.Errorf("%s draws a caption twice from the same noise", a.name)
		}
	}
	for _, want := range []string{"teacher@3: teacher of " + pretrained + ", 3 steps\n", "one: student, 1 step; seed 1 (scale smoke, trained for ", "two: student, 2 steps; "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	if strings.Contains(stderr, "never seen") {
		t.Errorf("stderr = %q, want no unknown words", stderr)
	}
	again, _, _, _, err := gathered(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range methods {
		if !cmp.Equal(methods[i].pictures, again[i].pictures) {
			t.Errorf("%s draws otherwise the second time", methods[i].name)
		}
	}
	_, _, _, stderr, err = gathered(t, "x="+folder(t, 1, "a huge car"), "one="+run, "--pretrained", pretrained, "--engine", "go")
	if err != nil || !strings.Contains(stderr, "one: its networks have never seen huge, car") {
		t.Errorf("stderr = %q, %v, want the unknown words", stderr, err)
	}
}

// Where all methods are drawn, captions are held-out ones of the data that the networks know.
func TestNetworksDrawHeldOutCaptions(t *testing.T) {
	run, pretrained := tinyRun(t)
	_, _, _, _, err := gathered(t, "teacher@2", run, "--pretrained", pretrained, "--engine", "go")
	if err == nil || !strings.Contains(err.Error(), `method "teacher@2": pretrain: the networks in`) || !strings.Contains(err.Error(), "say --data") {
		t.Errorf("error = %v, want that the networks do not know this data", err)
	}
	data, err := dataset.Open("scenes", tinyworld.Size, nil)
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(pretrained, "bundle.json")
	writeFile(t, manifest, strings.ReplaceAll(readFile(t, manifest), tinyworld.New().Hash(), data.Hash()))
	methods, captions, _, _, err := gathered(t, "teacher@2", "x="+run, "--pretrained", pretrained, "--engine", "go", "--captions", "5")
	if err != nil {
		t.Fatal(err)
	}
	if len(captions) != 5 || len(methods[1].pictures) != 5 {
		t.Errorf("%d captions, want 5", len(captions))
	}
	if _, others, _, _, err := gathered(t, "teacher@2", "x="+run, "--pretrained", pretrained, "--engine", "go", "--captions", "5", "--seed", "2"); err != nil || slices.Equal(captions, others) {
		t.Errorf("another seed: captions %q (%v), want others than %q", others, err, captions)
	}
}
