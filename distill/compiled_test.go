package distill

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/edm"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/internal/tinyedm"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/latent"
	"github.com/addlab/addlab/network"
)

// Programs compiled from shapes read what those of a training read: the same variables and inputs, by shape.
func TestAPlanHasTheVariablesAndProgramsOfATraining(t *testing.T) {
	for name, test := range map[string]struct {
		method, model string
		edit          func(c *Config)
	}{
		"ADD":         {"add", "sd", func(c *Config) {}},
		"LoRA":        {"add", "sd", func(c *Config) { c.LoRA = 2 }},
		"consistency": {"lcm", "sd", func(c *Config) { c.Consistency.Grid = 20 }},
		"fake score":  {"dmd2", "xl", func(c *Config) { c.DiscriminatorUpdates = 2 }},
		"stages":      {"add", "sd", progressively},
		"pairs":       {"add", "sd", regressing},
		"EDM":         {"add", "edm", func(c *Config) { c.DistillPixels = false }},
		"EDM's pairs": {"add", "edm", regressing},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, base, outline, data := compiledCase(t, test.method, test.model, test.edit)
			in := Inputs{Config: cfg, Bundle: base, Data: data, Backend: graphtest.Engine(), Latents: t.TempDir(), States: t.TempDir(), Pairs: t.TempDir()}
			trained := stepped(t, in)
			in.Bundle = outline
			planned, err := compile(t.Context(), in, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			defer planned.close()
			if vae, ok := outline.(Autoencoded); ok { // its program is compiled, too
				if _, err := compiledEncoding(in, vae, planned.store); !errors.Is(err, engine.ErrNoUsage) {
					t.Errorf("encoding: error = %v, want that the engine does not tell", err)
				}
			}
			for what, of := range map[string]func(d *training) map[string]string{
				"variables": func(d *training) map[string]string {
					all := map[string]string{}
					for v := range d.store.IterVariables() {
						all[v.Path()] = v.Shape().String()
					}
					return all
				},
				"programs": func(d *training) map[string]string {
					all := map[string]string{}
					for name, p := range d.programs {
						all[name] = p.Signature()
					}
					return all
				},
			} {
				if diff := cmp.Diff(of(trained.training), of(planned)); diff != "" {
					t.Errorf("%s (-training +plan):\n%s", what, diff)
				}
			}
		})
	}
}

// What is compiled from shapes takes, to the byte, what the programs of a training take.
func TestAPlanCompilesWhatATrainingDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles")
	}
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	t.Setenv("XLA_FLAGS", "--xla_backend_optimization_level=0") // compiling takes most of the time
	e, err := engine.Open(t.Context(), "xla:cpu", nil)
	if err != nil {
		t.Skip(err)
	}
	defer e.Close()
	cfg, base, outline, data := compiledCase(t, "add", "edm", func(c *Config) { c.Adversarial, c.DistillPixels = 0, false }) // heads take longest
	in := Inputs{Config: cfg, Bundle: base, Data: data, Backend: e.Backend}
	want, err := stepped(t, in).Compiled()
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	in.Bundle = outline
	got, err := Compile(t.Context(), in, func(program string) { told = append(told, program) })
	if err != nil {
		t.Fatal(err)
	}
	want.Programs[0].Runs = cfg.Steps * cfg.Accumulate
	if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(told, []string{"plain"}) {
		t.Errorf("told of %q (-training +plan):\n%s", told, diff)
	}
	if largest := got.Largest(); largest.Name != "plain" || largest.Temporary < 4*int64(cfg.Batch)*8*8*3 || largest.Inputs < got.Variables/2 {
		t.Errorf("the largest program is %+v, want activations above a batch of pictures, and inputs with most of %d bytes of variables", largest, got.Variables)
	}
}

// compiledCase is a short training of a small teacher, and the teacher's outline.
func compiledCase(t *testing.T, method, model string, edit func(c *Config)) (cfg Config, base, outline Base, data dataset.Dataset) {
	t.Helper()
	cfg, err := LatentConfig(method)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Accumulate, cfg.Discriminator.MapDim = 2, 8
	edit(&cfg)
	base, outline, data = compiledBases(t, model)
	return cfg.WithSteps(2), base, outline, data
}

// stepped is a training that has taken its steps.
func stepped(t *testing.T, in Inputs) Stepper {
	t.Helper()
	steps, err := Steps(t.Context(), in, silent())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(steps.Close)
	for step := range in.Config.Steps {
		if _, err := steps.Step(step + 1); err != nil {
			t.Fatal(err)
		}
	}
	return steps
}

// compiledBases are a small teacher and its outline, with data for it.
func compiledBases(t *testing.T, name string) (base, outline Base, data dataset.Dataset) {
	t.Helper()
	features := network.FeatureFiles{}
	if name == "edm" {
		m, err := edm.Open(tinyedm.File(t))
		if err != nil {
			t.Fatal(err)
		}
		files := tinybundle.ViT(t)
		for part, f := range files {
			features[part] = network.FeatureFile{Net: f.Net}
		}
		b, err := edm.NewBase(m, files)
		if err != nil {
			t.Fatal(err)
		}
		return b, edm.Outline(m, features), labelled{tinyworld.New()}
	}
	m, err := latent.Open(t.Context(), tinylatent.Folder(t, name), latent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := tinyFeatures(t)
	for part, f := range files {
		features[part] = network.FeatureFile{Net: f.Net}
	}
	b, err := latent.NewBase(m, latentSize, files)
	if err != nil {
		t.Fatal(err)
	}
	shapes, err := latent.Outline(m, latentSize, features)
	if err != nil {
		t.Fatal(err)
	}
	return b, shapes, foxes
}

func progressively(c *Config) {
	c.Adversarial, c.Times, c.DistillPixels = 0, []int{1000, 500}, false
	c.Method = &Named{Progressive{From: 4, To: 2}}
}

func regressing(c *Config) {
	r := DefaultRegression
	r.Pairs.Count, r.Pairs.Steps = 64, 1
	c.Method, c.Times, c.DistillPixels, c.TeacherGuidance = &Named{r}, []int{1000}, false, 0
}

// An engine that does not tell is named before anything is compiled.
func TestAPlanNamesAnEngineThatDoesNotTell(t *testing.T) {
	_, outline, _ := compiledBases(t, "edm")
	_, err := Compile(t.Context(), Inputs{Config: tinyConfig(t), Bundle: outline, Backend: graphtest.Engine()}, nil)
	if !errors.Is(err, engine.ErrNoUsage) || !strings.Contains(err.Error(), "Go Backend: not known") {
		t.Errorf("error = %v, want ErrNoUsage of go", err)
	}
}
