package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/distill/teachers"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/sweep"
)

// weightFiles are files by the kind of their extractor, as flags KIND=FILE.
type weightFiles map[string]string

func (w *weightFiles) String() string { return "" }

// Set implements flag.Value.
func (w *weightFiles) Set(text string) error {
	kind, file, ok := strings.Cut(text, "=")
	if !ok || file == "" {
		return fmt.Errorf("want KIND=FILE, such as inception=weights.pth")
	}
	if _, err := os.Stat(file); err != nil {
		return err
	}
	if *w == nil {
		*w = weightFiles{}
	}
	(*w)[kind] = file
	return nil
}

// checkTeacher wants flags that go with --teacher, and only with it.
func (o *options) checkTeacher(given map[string]bool) error {
	if o.teacher.Name == "" {
		for _, name := range []string{"variant", "features", "features-net", "size", "extractor", "clip", "weights", "plan", "timed"} {
			if given[name] {
				return fmt.Errorf("%s has no effect on the built-in networks, want --teacher beside it, a published model", name)
			}
		}
		if o.scale == distill.LatentScale {
			return fmt.Errorf("scale = %q, want --teacher beside it, a published model", o.scale)
		}
		return nil
	}
	if !given["scale"] {
		o.scale = distill.LatentScale
	}
	looks := o.plan && o.timed == 0
	switch err := o.teacher.Check(looks || o.printConfig || o.list); {
	case o.scale != distill.LatentScale:
		return fmt.Errorf("scale = %q, want %q with --teacher: --config changes its fields", o.scale, distill.LatentScale)
	case given["pretrained"] || given["pretrain"]:
		return errors.New("pretrained and pretrain are about the built-in networks, want them without --teacher")
	case given["timed"] && (!o.plan || o.timed < 1):
		return fmt.Errorf("timed = %d, want ≥ 1, with --plan", o.timed)
	case o.plan && o.teacher.EDM():
		return errors.New("plan counts the parts of latent models, want it without a file of EDM's")
	case !given["data"] && !looks && !o.printConfig && !o.list:
		return errors.New("data is missing, want captioned pictures to learn from (docs/data.md)")
	case err != nil:
		return err
	}
	return o.checkExtractors()
}

func (o options) checkExtractors() error {
	kinds, err := o.extractors()
	if err != nil {
		return err
	}
	for name := range o.weights {
		if !slices.ContainsFunc(slices.Collect(maps.Values(kinds)), func(k extractor.Kind) bool { return k.Name == name }) {
			return fmt.Errorf("weights = %s=…, want those of --extractor = %q or --clip = %q", name, o.extractor, o.clip)
		}
	}
	return nil
}

// extractors are the extractors by their role.
func (o options) extractors() (map[string]extractor.Kind, error) {
	kinds := map[string]extractor.Kind{}
	for role, name := range map[string]string{sweep.FeaturesRole: o.extractor, sweep.CaptionsRole: o.clip} {
		if name == "" && role == sweep.CaptionsRole {
			continue
		}
		kind, err := extractor.ByName(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", role, err)
		case kind.Bundled:
			return nil, fmt.Errorf("%s = %q, which knows the drawings of a built-in world alone, want one of others' pictures, such as %s", role, name, "efficientnet-lite0")
		case role == sweep.CaptionsRole && !kind.Captions:
			return nil, fmt.Errorf("%s = %q reads no captions, want one that does, such as clip-l14", role, name)
		}
		kinds[role] = kind
	}
	return kinds, nil
}

// openPublished opens a published teacher, its data and the networks that score. Cells that it cannot have are left out and named.
func openPublished(ctx context.Context, o options, base distill.Config, axes []ablations.Axis, stderr io.Writer) (in sweep.Inputs, kept []ablations.Axis, err error) {
	note := func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	teacher, err := o.teacher.Open(ctx, note)
	if err != nil {
		return in, nil, err
	}
	data, err := o.set.Open(ctx, teacher.Size(), note)
	if err == nil {
		err = teacher.Check(data)
	}
	if err != nil {
		return in, nil, err
	}
	p := sweep.Published{Base: teacher.Base, Extractors: map[string]string{}}
	kinds, err := o.extractors()
	if err != nil {
		return in, nil, err
	}
	for role, kind := range kinds {
		p.Extractors[role] = kind.Name
		if info, err := os.Stat(o.weights[kind.Name]); err == nil && !info.IsDir() {
			sum, err := weights.SHA256(o.weights[kind.Name])
			if err != nil {
				return in, nil, err
			}
			p.Extractors[role] += " " + sum
		}
	}
	p.Open = func(ctx context.Context, backend compute.Backend) (x protocol.Extractors, err error) {
		return o.openExtractors(ctx, backend, kinds, stderr)
	}
	if in, err = sweep.NewPublished(p, teacher.Guidance, data, o.images); err != nil {
		return in, nil, err
	}
	kept, err = suited(axes, base, teacher, stderr)
	return in, kept, err
}

func (o options) openExtractors(ctx context.Context, backend compute.Backend, kinds map[string]extractor.Kind, progress io.Writer) (x protocol.Extractors, err error) {
	open := func(kind extractor.Kind) (extractor.Extractor, error) {
		one, err := kind.Open(ctx, extractor.Options{
			Engine:  func(context.Context) (compute.Backend, error) { return backend, nil },
			Weights: o.weights[kind.Name], Captions: kind.Captions, Progress: progress,
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w; --weights %s=FILE names them", kind.Name, err, kind.Name)
		}
		return one, nil
	}
	if x.Features, err = open(kinds[sweep.FeaturesRole]); err != nil {
		return x, err
	}
	if kind, ok := kinds[sweep.CaptionsRole]; ok {
		pair, err := open(kind)
		if err != nil {
			x.Close()
			return x, err
		}
		x.Pair = pair.(extractor.Captioner)
	}
	return x, nil
}

// suited are the axes without cells that the teacher cannot have. Where another cell is what the default cell is with this teacher, it
// takes its place.
func suited(axes []ablations.Axis, base distill.Config, teacher teachers.Teacher, w io.Writer) (kept []ablations.Axis, err error) {
	var leftOut []error
	for _, axis := range axes {
		axis.Teachers = nil
		same := func(c ablations.Cell) bool {
			return !c.Default && c.Steps < 2 && reflect.DeepEqual(c.Config(base), base)
		}
		other := slices.ContainsFunc(axis.Cells, same)
		var cells []ablations.Cell
		for _, c := range axis.Cells {
			switch err := teacher.Suits(c.Config(base)); {
			case c.Default && err != nil:
				return nil, err
			case err != nil:
				leftOut = append(leftOut, fmt.Errorf("%s, cell %s: %w", axis.Name, c.Name, err))
			case !c.Default || !other:
				c.Default = c.Default || same(c)
				cells = append(cells, c)
			}
		}
		if len(cells) > 1 {
			axis.Cells = cells
			axis.Claims = slices.DeleteFunc(slices.Clone(axis.Claims), func(c ablations.Claim) bool {
				there := func(name string) bool {
					return slices.ContainsFunc(cells, func(c ablations.Cell) bool { return c.Name == name })
				}
				return !there(c.Better) || !there(c.Worse)
			})
			kept = append(kept, axis)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("no axis has two cells that this teacher can have: %w", errors.Join(leftOut...))
	}
	for _, err := range leftOut {
		fmt.Fprintf(w, "left out: %v\n", err)
	}
	return kept, nil
}

// planned prints what a training of the default cell takes, and how many there are.
func planned(ctx context.Context, o options, base distill.Config, axes []ablations.Axis, seeds []int64, lazy *lazyEngine) error {
	note := func(format string, args ...any) { fmt.Fprintf(lazy.stderr, format+"\n", args...) }
	if err := o.teacher.Plan(ctx, lazy.out, base, note); err != nil {
		return err
	}
	var configs []distill.Config
	for _, axis := range axes {
		for _, cell := range axis.Cells {
			cfg := cell.Config(base)
			if !slices.ContainsFunc(configs, func(c distill.Config) bool { return reflect.DeepEqual(c, cfg) }) {
				configs = append(configs, cfg)
			}
		}
	}
	if n := len(configs) * len(seeds); n > 1 {
		fmt.Fprintf(lazy.out, "the sweep: %d trainings, each as large as this one unless its cell says otherwise\n", n)
	}
	if o.timed == 0 {
		return nil
	}
	in, _, err := openPublished(ctx, o, base, axes, lazy.stderr)
	if err != nil {
		return err
	}
	e, err := lazy.open(ctx)
	if err != nil {
		return err
	}
	return teachers.Timed(ctx, lazy.out, lazy.stderr, distill.Inputs{Config: base, Bundle: in.Published.Base, Data: in.Data, Backend: e.Backend, Devices: o.devices}, o.timed)
}
