package lessons

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/pretrain"
)

// ScaleEnv is the environment variable that chooses the scale where the first cell does not.
const ScaleEnv = "ADDLAB_SCALE"

// Lab is what a notebook works with: dataset, networks, engine and sizes.
type Lab struct {
	Scale string // smoke, cpu or gpu: how much is computed
	Sizes
	Root   string // the project's folder
	Runs   string // where trainings of notebooks are kept
	Data   dataset.Dataset
	Bundle *pretrain.Bundle

	choice string // of the engine
	engine *engine.Engine
	judge  *protocol.Judge // with evaluation networks, once something was measured
	bare   *protocol.Judge // without them, it only draws
	ctx    context.Context
}

// Sizes is how much is computed at a scale.
type Sizes struct {
	Images       int // pictures behind a score
	DistillSteps int // of the student's training
	HeadSteps    int // of a discriminator alone
}

func sizes(scale string) Sizes {
	switch scale {
	case "smoke":
		return Sizes{Images: 64, DistillSteps: 4, HeadSteps: 4}
	case "gpu":
		return Sizes{Images: 5000, DistillSteps: 4000, HeadSteps: 400}
	}
	return Sizes{Images: 200, DistillSteps: 200, HeadSteps: 60}
}

// Open opens the built-in world with its shipped networks. Empty names leave the choice to the environment: ADDLAB_SCALE, else cpu, and
// GOMLX_BACKEND, else the best engine here. An interruption ends what runs in an orderly way.
func Open(scale, engine string) *Lab {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interruption ends the process
	l, err := open(ctx, scale, engine)
	show.Check(err)
	return l
}

func open(ctx context.Context, scale, engine string) (*Lab, error) {
	l, err := prepare(ctx, scale, engine)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(l.Root, pretrain.DefaultDir("scenes", l.Scale))
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) { // the shipped networks serve every scale
		dir = filepath.Join(l.Root, pretrain.DefaultDir("scenes", "cpu"))
	}
	if l.Bundle, err = pretrain.LoadBundle(dir); err != nil {
		return nil, err
	}
	l.Data, err = dataset.Open("scenes", l.Bundle.Config.Size, nil)
	return l, err
}

// prepare is a lab without data and networks.
func prepare(ctx context.Context, scale, engine string) (*Lab, error) {
	if scale == "" {
		scale = os.Getenv(ScaleEnv)
	}
	if scale == "" {
		scale = "cpu"
	}
	if _, err := distill.DefaultConfig(scale); err != nil {
		return nil, err
	}
	if err := checkKernel(); err != nil {
		return nil, err
	}
	root, err := findRoot()
	return &Lab{Scale: scale, Sizes: sizes(scale), Root: root, Runs: filepath.Join(root, "results", "notebooks"), choice: engine, ctx: ctx}, err
}

// findRoot is the project's folder: the nearest one above that holds its go.mod and the networks.
func findRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "pretrained")); err == nil {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return dir, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("folder = %s, want one within the project: notebooks find networks and results there", start)
		}
	}
}

// Engine opens the engine once.
func (l *Lab) Engine() (*engine.Engine, error) {
	if l.engine == nil {
		e, err := engine.Open(l.ctx, l.choice, os.Stderr)
		if err != nil {
			return nil, err
		}
		l.engine = e
	}
	return l.engine, nil
}

// Judge loads the evaluation networks once; the first Images held-out pictures are what it compares with.
func (l *Lab) Judge() (*protocol.Judge, error) {
	if l.judge == nil {
		e, err := l.Engine()
		if err != nil {
			return nil, err
		}
		setup := protocol.DefaultSetup(l.Scale)
		setup.Images = min(l.Images, l.Data.Heldout().Len()/2)
		setup.Blocks = min(setup.Blocks, setup.Images/2)
		if l.Images < 1000 {
			setup.Batch = columns // few pictures take less time than compiling another batch would
		}
		if l.judge, err = protocol.NewJudge(l.ctx, e.Backend, l.Bundle, l.Data, setup); err != nil {
			return nil, err
		}
	}
	return l.judge, nil
}

// brush draws: what was compiled for drawing before serves again.
func (l *Lab) brush() (*protocol.Judge, error) {
	if l.judge != nil {
		return l.judge, nil
	}
	if l.bare == nil {
		e, err := l.Engine()
		if err != nil {
			return nil, err
		}
		l.bare = &protocol.Judge{Bundle: l.Bundle, Backend: e.Backend} // not to be closed: it has no evaluation networks
	}
	return l.bare, nil
}

// About says in a line what works here.
func (l *Lab) About() (string, error) {
	e, err := l.Engine()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("scale %s; engine %s; networks %s", l.Scale, e, filepath.Base(l.Bundle.Dir)), nil
}

// Close lets go of what was opened.
func (l *Lab) Close() {
	if l.judge != nil {
		l.judge.Close()
	}
	l.engine.Close()
}
