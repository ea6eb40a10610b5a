package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
)

// newTestPlan plans axes at smoke scale in a world whose networks are names only.
func newTestPlan(t *testing.T, axes []ablations.Axis, seeds ...int64) *Plan {
	t.Helper()
	p, err := testPlan(axes, seeds...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func testPlan(axes []ablations.Axis, seeds ...int64) (*Plan, error) {
	base, err := distill.DefaultConfig("smoke")
	if err != nil {
		return nil, err
	}
	scenes := &dataset.Scenes{Config: dataset.DefaultScenes()}
	files := map[string]string{}
	for _, part := range pretrain.Parts {
		files[part] = "hash of " + part
	}
	for _, axis := range ablations.Axes() {
		for _, part := range axis.Parts(base) {
			files[part] = "hash of " + part
		}
	}
	return NewPlan(Inputs{Bundle: &pretrain.Bundle{Files: files}, Data: scenes, Setup: protocol.DefaultSetup("smoke")}, base, axes, seeds)
}

// laboratory is a Worker without networks. Its students are a line of text.
type laboratory struct {
	opened, trained, evaluated int
	diverges                   func(distill.Config) bool
	fails                      func(distill.Config) bool
	collapses                  func(Evaluation) bool
}

var errPower = errors.New("the power is out")

func (l *laboratory) Environment(context.Context) (record.Environment, error) {
	l.opened++
	return record.Environment{Engine: "fake", EngineVersion: "v1", Commit: "0123abc"}, nil
}

func (l *laboratory) Train(_ context.Context, cfg distill.Config, run *record.Run) error {
	switch {
	case l.fails != nil && l.fails(cfg):
		return errPower
	case l.diverges != nil && l.diverges(cfg):
		return fmt.Errorf("%w at step 3", distill.ErrDiverged)
	}
	l.trained++
	return record.WriteFile(filepath.Join(run.Dir(), distill.StudentFile), fmt.Appendf(nil, "student %+v", cfg))
}

func (l *laboratory) Evaluate(_ context.Context, e Evaluation, student string) (func() (protocol.Metrics, error), Pictures, error) {
	if (e.Subject == Student) != (student != "") {
		return nil, Pictures{}, fmt.Errorf("student = %q for subject %s", student, e.Subject)
	}
	l.evaluated++
	fid := 10.0
	if e.Sampling != nil {
		fid += 10 / float64(e.Sampling.Steps)
	}
	img := dataset.Image{Size: 8, Pix: make([]float32, 8*8*3)}
	m := protocol.Metrics{Images: 64, FID: fid, FIDLow: fid - 1, FIDHigh: fid + 1, CLIP: 1 / fid, CLIPStdErr: .001, Precision: .9, Recall: .8}
	p := Pictures{Captions: []string{"a red ring", "a blue star"}, Images: []dataset.Image{img, img}}
	if l.collapses != nil && l.collapses(e) {
		return nil, p, fmt.Errorf("%w: pictures without numbers", distill.ErrDiverged)
	}
	return func() (protocol.Metrics, error) { return m, nil }, p, nil
}

// options of a sweep by this laboratory below root.
func (l *laboratory) options(p *Plan, root string) Sweep {
	return Sweep{Plan: p, Runs: openRuns(root), Worker: l, Out: io.Discard}
}

// openRuns opens the runs below root, without the errors that a damaged pack has.
func openRuns(root string) *record.Runs {
	runs, err := record.OpenRuns(filepath.Join(root, "runs"))
	if err != nil {
		panic(err)
	}
	return runs
}
