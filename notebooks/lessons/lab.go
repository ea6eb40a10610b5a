package lessons

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion/pipeline"
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

	choice    string // of the engine
	engine    *engine.Engine
	drawing   *pipeline.Pipeline // also of the evaluator
	evaluator *protocol.Evaluator
	ctx       context.Context
}

// Sizes is how much is computed at a scale.
type Sizes struct {
	Images       int // pictures behind a score
	DistillSteps int // of the student's training
	HeadSteps    int // of a discriminator alone
}

var sizes = map[string]Sizes{
	"smoke": {Images: 64, DistillSteps: 4, HeadSteps: 4},
	"cpu":   {Images: 200, DistillSteps: 200, HeadSteps: 60},
	"gpu":   {Images: 5000, DistillSteps: 4000, HeadSteps: 400},
}

// Open opens the built-in world with its shipped networks. Empty names leave the choice to the environment: ADDLAB_SCALE, else cpu, and
// GOMLX_BACKEND, else the best engine here. An interruption ends what runs in an orderly way.
func Open(scale, engine string) *Lab { return show.Must(open("scenes", scale, engine)) }

// OpenWorld opens another world with its shipped networks. The pictures of some are fetched once; a toy does with those of the built-in
// world.
func OpenWorld(name, scale, engine string) *Lab { return show.Must(open(name, scale, engine)) }

func open(world, scale, engine string) (*Lab, error) {
	l, err := prepare(scale, engine)
	if err != nil {
		return nil, err
	}
	if l.Scale == "smoke" && world != "scenes" {
		warn("scale smoke: scenes in place of %s, which may have to be fetched", world)
		world = "scenes"
	}
	dir := filepath.Join(l.Root, pretrain.DefaultDir(world, l.Scale))
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) { // the shipped networks serve every scale
		dir = filepath.Join(l.Root, pretrain.DefaultDir(world, "cpu"))
	}
	if l.Bundle, err = pretrain.LoadBundle(dir); err != nil {
		return nil, err
	}
	l.Data, err = dataset.Open(world, l.Bundle.Config.Size, warn)
	return l, err
}

// warn says on standard error what a reader of pictures has to say.
func warn(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// prepare is a lab without data and networks.
func prepare(scale, engine string) (*Lab, error) {
	scale = cmp.Or(scale, os.Getenv(ScaleEnv), "cpu")
	if _, err := distill.DefaultConfig(scale); err != nil {
		return nil, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interruption ends the process
	root, err := findRoot()
	return &Lab{Scale: scale, Sizes: sizes[scale], Root: root, Runs: filepath.Join(root, "results", "notebooks"), choice: engine, ctx: ctx}, err
}

// findRoot is the project's folder.
func findRoot() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	root := filepath.Dir(string(mod))
	if _, missing := os.Stat(filepath.Join(root, "pretrained")); err != nil || missing != nil {
		return "", fmt.Errorf("go env GOMOD = %q, want a folder within the project: notebooks find networks and results there", mod)
	}
	return root, nil
}

// Engine opens the engine once. As with the lab itself, the cell ends where it does not open.
func (l *Lab) Engine() *engine.Engine {
	if l.engine == nil {
		l.engine = show.Must(engine.Open(l.ctx, l.choice, os.Stderr))
	}
	return l.engine
}

// Evaluator loads the evaluation networks once; the first Images held-out pictures are what it compares with.
func (l *Lab) Evaluator() (*protocol.Evaluator, error) {
	if l.evaluator == nil {
		setup := protocol.DefaultSetup(l.Scale).Within(l.Images, l.Data)
		if l.Images < 1000 {
			setup.Batch = columns // few pictures take less time than compiling another batch would
		}
		evaluator, err := protocol.NewEvaluator(l.ctx, l.Engine().Backend, l.Bundle, l.Data, setup)
		if err != nil {
			return nil, err
		}
		l.evaluator = evaluator
		if l.drawing != nil { // what was compiled for drawing serves again
			l.evaluator.Pipeline = l.drawing
		}
		l.drawing = l.evaluator.Pipeline
	}
	return l.evaluator, nil
}

// Pipeline draws from the lab's networks, without those that evaluate.
func (l *Lab) Pipeline() *pipeline.Pipeline {
	if l.drawing == nil {
		l.drawing = pipeline.New(l.Engine().Backend, l.Bundle)
	}
	return l.drawing
}

// About says in a line what works here.
func (l *Lab) About() string {
	return fmt.Sprintf("scale %s; engine %s; networks %s", l.Scale, l.Engine(), filepath.Base(l.Bundle.Dir))
}

// Close lets go of what was opened.
func (l *Lab) Close() {
	if l.evaluator != nil {
		l.evaluator.Close()
	} else if l.drawing != nil {
		l.drawing.Close()
	}
	l.engine.Close()
}
