package pretrain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// variantsDir is the folder of a bundle's variants. Each has its own manifest, so that adding one changes no other file.
const variantsDir = "variants"

// variantManifest is variants/<name>.json.
type variantManifest struct {
	Variant    Variant    `json:"variant"`
	DataHash   string     `json:"data_hash"`
	Text       string     `json:"text"` // SHA-256 of the text encoder that it was trained with
	SHA256     string     `json:"sha256"`
	Provenance Provenance `json:"provenance"`

	// Of a teacher or a student: what its output is, and at which noise levels. Empty in old files.
	Schedule   string               `json:"schedule,omitempty"`
	Prediction diffusion.Prediction `json:"prediction,omitempty"`

	Student *Student `json:"student,omitempty"` // of a student: how it was trained and what it scores
}

// unfit is the reason why a variant does not belong to a bundle; "" if it does.
func (m variantManifest) unfit(b *Bundle) string {
	switch {
	case m.DataHash != b.DataHash || m.Text != b.Files["text"]:
		return "it was trained with another text encoder or on other data than the bundle"
	case m.Schedule != "" && m.Schedule != b.Config.Schedule:
		return fmt.Sprintf("its schedule is %q, the bundle's %q", m.Schedule, b.Config.Schedule)
	case m.Prediction != "" && m.Prediction != b.Config.Prediction:
		return fmt.Sprintf("its prediction is %q, the bundle's %q", m.Prediction, b.Config.Prediction)
	}
	return ""
}

// loadVariants reads the variants of a bundle. One that does not belong to it is left out, with the reason; a damaged one is an error.
func (b *Bundle) loadVariants() error {
	paths, err := filepath.Glob(filepath.Join(b.Dir, variantsDir, "*.json"))
	if err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	for _, path := range paths {
		if b.Variants == nil {
			b.Variants, b.Unfit = map[string]Variant{}, map[string]string{}
		}
		var m variantManifest
		if err := record.ReadJSON(path, &m); err != nil {
			return fmt.Errorf("pretrain: %w", err)
		}
		v := m.Variant
		if err := v.Validate(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if why := m.unfit(b); why != "" {
			b.Unfit[v.Name] = why
			continue
		}
		if err := checkSHA256(b.path(v.Name), m.SHA256, filepath.Base(path)); err != nil {
			return err
		}
		b.Variants[v.Name], b.Files[v.Name], b.Provenance[v.Name] = v, m.SHA256, m.Provenance
	}
	return nil
}

func checkSHA256(file, want, manifest string) error {
	got, err := weights.SHA256(file)
	if err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	if got != want {
		return fmt.Errorf("pretrain: %s has SHA-256 %.12s…, want %.12s… as %s says: the file is damaged or from elsewhere", file, got, want, manifest)
	}
	return nil
}

func (b *Bundle) path(part string) string {
	dir := b.Dir
	if part != studentFile && !slices.Contains(Parts, part) {
		dir = filepath.Join(dir, variantsDir)
	}
	return filepath.Join(dir, part+".safetensors")
}

// ErrMissing means that a bundle lacks networks that can be trained.
var ErrMissing = errors.New("networks are missing")

// ErrNoStudent means that a bundle lacks a student for others to start from.
var ErrNoStudent = errors.New("no such student")

// Want returns ErrMissing, with the command that trains them, if the bundle lacks some parts, and ErrNoStudent if it lacks a student.
func (b *Bundle) Want(parts ...string) error {
	var missing []string
	why := ""
	for _, part := range parts {
		switch {
		case part == studentFile: // what it is changes with every --ship
			return fmt.Errorf("pretrain: %s is what is drawn with, want a variant of %s to start from, such as %s-regression", part, b.Dir, studentFile)
		case b.Has(part) || slices.Contains(missing, part):
		case slices.Contains(Parts, part):
			return fmt.Errorf("pretrain: %s holds no %s, want the folder that `go run ./experiments/pretrain` writes", b.Dir, part)
		case NamesStudent(part):
			return fmt.Errorf("pretrain: %s holds no %s: %w, want one that `go run ./experiments/sample --run RUN --ship ABOUT --as %s` put there", b.Dir, part, ErrNoStudent, part)
		default:
			missing = append(missing, part)
			if b.Unfit[part] != "" {
				why = " (" + part + ": " + b.Unfit[part] + ")"
			}
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(missing)
	command := "go run ./experiments/pretrain --variants " + strings.Join(missing, ",") + " --bundle " + b.Dir
	if b.Scale != "" {
		command += " --scale " + b.Scale
	}
	switch data := (dataset.Spec{Name: b.Config.Data}); {
	case data.Name == "" || data.Name == "scenes":
	case data.Builtin() || data.OnHub():
		command += " " + data.String()
	default:
		command += " --data path/to/" + data.Name
	}
	return fmt.Errorf("pretrain: %w: %s holds no %s%s: run `%s`", ErrMissing, b.Dir, strings.Join(missing, ", "), why, command)
}

// forget removes a manifest before its weights are replaced: a manifest must never name other weights.
func forget(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pretrain: %w", err)
	}
	return nil
}

// writeVariant copies weights as a variant of the bundle, the manifest last.
func (b *Bundle) writeVariant(m variantManifest, from string) error {
	if err := os.MkdirAll(filepath.Join(b.Dir, variantsDir), 0o777); err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	manifest := strings.TrimSuffix(b.path(m.Variant.Name), ".safetensors") + ".json"
	if err := forget(manifest); err != nil {
		return err
	}
	dtype := weights.F16
	if m.Variant.Published() { // as they are
		dtype = weights.F32
	}
	var err error
	if m.SHA256, err = copyAs(dtype, b.path(m.Variant.Name), from); err != nil {
		return err
	}
	m.DataHash, m.Text = b.DataHash, b.Files["text"]
	if m.Variant.Part != "features" {
		m.Schedule, m.Prediction = b.Config.Schedule, b.Config.Prediction
	}
	return record.WriteJSON(manifest, m)
}

// NamesStudent reports whether a name is one of a student that others start from.
func NamesStudent(name string) bool { return strings.HasPrefix(name, studentFile+"-") && isWord(name) }

// PutVariant copies a student into the bundle as a variant that others start from.
func (b *Bundle) PutVariant(name, path string, s Student) error {
	m := variantManifest{Variant: Variant{Name: name, Part: studentFile, About: s.About}, Student: &s, Provenance: Provenance{Environment: s.Environment, Run: s.Run}}
	switch net := b.Backbone(s.Net).(type) {
	case network.UNetConfig:
		m.Variant.UNet = &net
	case network.DiTConfig:
		m.Variant.DiT = &net
	}
	if err := m.Variant.Validate(); err != nil {
		return err
	}
	return b.writeVariant(m, path)
}
