package pretrain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/record"
)

// Options say what to train and where to put it.
type Options struct {
	Dir     string // of the bundle
	Runs    string // root of the parts' runs
	Config  Config
	Parts   []string // nil for all that the dataset allows
	Data    dataset.Dataset
	Engine  *engine.Engine
	Command string // for the provenance

	// Continue trains Parts further from the weights of this bundle and copies its other parts, so Config must be the one that
	// made them; nil trains from scratch. Dir must be another folder than this bundle's, or each call would train further.
	Continue *Bundle
	Out      io.Writer
}

// Ensure loads the bundle in Dir, training it first if there is none.
func Ensure(ctx context.Context, o Options) (*Bundle, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, manifestName)); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(o.Out, "no pretrained networks in %s: training them first\n", o.Dir)
		if err := Run(ctx, o); err != nil {
			return nil, err
		}
	}
	return LoadBundle(o.Dir)
}

// Run trains the parts, each as a run of its own that is never repeated, and writes the bundle when all of them are there.
func Run(ctx context.Context, o Options) error {
	c := &Trainer{Config: o.Config, Data: o.Data, Backend: o.Engine.Backend}
	if err := c.Prepare(); err != nil {
		return err
	}
	all := PartsOf(o.Data)
	parts := o.Parts
	if parts == nil {
		parts = all
	}
	if o.Continue != nil {
		if err := c.goesOn(o.Continue, o.Dir, parts); err != nil {
			return err
		}
	}
	env := record.NewEnvironment(o.Engine.Name, o.Engine.Version, o.Engine.Device)
	dirs, provenance := map[string]string{}, map[string]Provenance{}
	for _, part := range parts {
		var from start
		var err error
		switch {
		case o.Continue != nil:
			if from, err = c.continueFrom(o.Continue, part); err != nil {
				return err
			}
		case part == "teacher" && dirs["text"] != "":
			from = afterText(dirs["text"])
		}
		dir, err := c.trainPart(ctx, o.Runs, part, from, env, o.Out)
		if err != nil {
			return err
		}
		dirs[part] = dir
		if provenance[part], err = readProvenance(dir, o.Command); err != nil {
			return err
		}
	}
	if !slices.Equal(parts, all) && o.Continue == nil {
		return nil
	}
	stores, err := Collect(dirs)
	if err != nil {
		return err
	}
	for _, part := range all {
		if dirs[part] != "" {
			continue
		}
		store, from, err := o.Continue.take(part)
		if err != nil {
			return err
		}
		provenance[part] = from
		if stores[part] == nil { // the teacher's run holds its text encoder
			stores[part] = store
		}
	}
	return WriteBundle(o.Dir, c, stores, provenance)
}

func readProvenance(dir, command string) (p Provenance, err error) {
	run, err := record.At(dir)
	if err != nil {
		return p, err
	}
	var result PartResult
	if err := run.Result(&result); err != nil {
		return p, err
	}
	p = Provenance{Command: command, Steps: result.Steps, Seconds: result.Seconds, Run: filepath.Base(dir)}
	return p, record.ReadJSON(filepath.Join(dir, envFile), &p.Environment)
}
