package pretrain

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/record"
)

func TestDefaultVariants(t *testing.T) {
	for _, scale := range Scales {
		cfg, err := DefaultConfig(scale)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Networks.Features.ImageSize = cfg.Size
		all, err := DefaultVariants(scale, cfg)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]Variant{}
		for _, v := range all {
			if err := v.Validate(); err != nil {
				t.Errorf("%s: %v", scale, err)
			}
			by[v.Name] = v
		}
		small, large := by["features-dino2-s"].ViT, by["features-dino2-l"].ViT
		if large.Width <= small.Width || large.Depth <= small.Depth {
			t.Errorf("%s: large is %+v, small %+v, want it wider and deeper", scale, large, small)
		}
		if s, l := cfg.Networks.UNet.BlockOutChannels, by["teacher-l"].UNet.BlockOutChannels; l[0] <= s[0] {
			t.Errorf("%s: the large teacher has widths %v, the small one %v", scale, l, s)
		}
	}

	// A toy is a toy beside a real bundle too.
	cfg, err := DefaultConfig("cpu")
	if err != nil {
		t.Fatal(err)
	}
	toys, err := DefaultVariants("smoke", cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range toys {
		if v.Training.Steps > 4 {
			t.Errorf("%s trains %d steps at smoke scale, want ≤ 4", v.Name, v.Training.Steps)
		}
	}
	if _, err := DefaultVariants("smoke", cfg, "teacher-xl"); err == nil {
		t.Error("an unknown variant: no error")
	}
}

func TestVariantsValidate(t *testing.T) {
	all, err := DefaultVariants("smoke", tinyConfig(1))
	if err != nil {
		t.Fatal(err)
	}
	for why, edit := range map[string]func(v *Variant){
		"features without a transformer": func(v *Variant) { v.ViT = nil },
		"an unknown objective":           func(v *Variant) { v.Objective = "mae" },
		"a name of another part":         func(v *Variant) { v.Name = "teacher-x" },
		"a name that leads elsewhere":    func(v *Variant) { v.Name = "features-../x" },
		"no steps":                       func(v *Variant) { v.Training.Steps = 0 },
		"an unknown part":                func(v *Variant) { v.Part, v.Name = "pair", "pair-x" },
		"features with a U-Net":          func(v *Variant) { v.UNet = all[5].UNet },
	} {
		v := all[0]
		if edit(&v); v.Validate() == nil {
			t.Errorf("%s: no error", why)
		}
	}
	both := all[5]
	if both.DiT = all[6].DiT; both.Validate() == nil {
		t.Error("a teacher with two architectures: no error")
	}
	trained := all[4]
	if trained.Training = all[0].Training; trained.Objective != Untrained || trained.Validate() == nil {
		t.Errorf("untrained features %s with a training: no error", trained.Name)
	}
	for why, edit := range map[string]func(v *Variant){
		"published features with a training":      func(v *Variant) { v.Training = all[0].Training },
		"published features of another network":   func(v *Variant) { v.EfficientNet.Net.Stem = 16 },
		"published features with a transformer":   func(v *Variant) { v.ViT = all[0].ViT },
		"a transformer for published features":    func(v *Variant) { v.ViT, v.EfficientNet = all[0].ViT, nil },
		"a convolutional network that is trained": func(v *Variant) { v.Objective, v.Training = DINO, all[0].Training },
		"a convolutional network for no pictures": func(v *Variant) { v.EfficientNet.Size = 0 },
	} {
		v := all[7]
		if copied := *v.EfficientNet; !v.Published() || v.Validate() != nil {
			t.Fatalf("%+v: %v, want published features", v, v.Validate())
		} else {
			v.EfficientNet = &copied
		}
		if edit(&v); v.Validate() == nil {
			t.Errorf("%s: no error", why)
		}
	}
}

// All variants are trained for a bundle, once each, load with their own architecture, and belong to this bundle alone.
func TestRunVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	c := tinyTrainer(t, 1)
	dir := tinyBundle(t, c)
	b, err := LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := DefaultVariants("smoke", b.Config)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, Variant.Published)
	for i := range all {
		if all[i].Trained() {
			all[i].Training.Steps, all[i].Training.Batch = 2, 4
		}
	}
	err = b.Want("teacher-dit", "text", "features-clip-l")
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "--variants features-clip-l,teacher-dit --bundle "+dir) {
		t.Errorf("error = %v, want the command that trains them", err)
	}

	var out bytes.Buffer
	o := Options{
		Runs: t.TempDir(), Data: tinyworld.New(), Engine: &engine.Engine{Name: "go", Backend: graphtest.Engine()}, Command: "go test", Out: &out,
	}
	bare := b
	if b, err = RunVariants(t.Context(), bare, all, o); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if err := b.Want(v.Name); err != nil {
			t.Error(err)
		}
		store := model.NewStore()
		if err := b.Load(graphtest.Engine(), store, "/here", v.Name); err != nil {
			t.Error(err)
		}
		var m variantManifest
		if err := record.ReadJSON(filepath.Join(dir, variantsDir, v.Name+".json"), &m); err != nil {
			t.Fatal(err)
		}
		if m.Provenance.Steps != v.Training.Steps || m.Provenance.Command != "go test" {
			t.Errorf("provenance of %s = %+v", v.Name, m.Provenance)
		}
	}

	// Again: nothing is trained, and the same files are written.
	path := filepath.Join(dir, variantsDir, "features-dino2-l.safetensors")
	before, _ := os.ReadFile(path)
	out.Reset()
	if _, err = RunVariants(t.Context(), bare, all, o); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "trained already"); n != len(all) {
		t.Errorf("%d were trained already, want %d:\n%s", n, len(all), &out)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the same run gave another file")
	}

	// Nor where the runs are not here but the bundle's files are.
	o.Runs = t.TempDir()
	out.Reset()
	if _, err = RunVariants(t.Context(), b, all, o); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "trained already"); n != len(all) {
		t.Errorf("%d of the bundle were trained already, want %d:\n%s", n, len(all), &out)
	}
	if begun, _ := os.ReadDir(o.Runs); len(begun) > 0 {
		t.Errorf("%d runs were begun, want none", len(begun))
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("a variant that stays is another file")
	}
	// Asked for otherwise, it is another run.
	longer := all[1]
	longer.Training.Steps++
	if b, err = RunVariants(t.Context(), b, []Variant{longer}, o); err != nil {
		t.Fatal(err)
	}
	if got := b.Variants[longer.Name].Training.Steps; got != longer.Training.Steps {
		t.Errorf("%s has %d steps, want %d", longer.Name, got, longer.Training.Steps)
	}

	// Damage is an error; another text encoder makes them unfit, not wrong.
	if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = LoadBundle(dir)
	wantError(t, "a damaged variant", err, "features-dino2-l.safetensors", "damaged")
	if err := os.WriteFile(path, before, 0o666); err != nil {
		t.Fatal(err)
	}
	stores := tinyStores(t, c)
	for v := range stores["text"].IterVariables() {
		if err := v.SetValue(graphtest.Normals(9, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteBundle(dir, c, saved(t, stores), nil); err != nil {
		t.Fatal(err)
	}
	if b, err = LoadBundle(dir); err != nil {
		t.Fatal(err)
	}
	wantError(t, "a variant of another text encoder", b.Want("teacher-l"), "holds no teacher-l", "another text encoder", "--variants teacher-l")
}

// A teacher is only read as what it was trained to be, at the noise levels of its training; what features see does not depend on either.
func TestATeacherVariantBelongsToAScheduleAndAPrediction(t *testing.T) {
	dir := tinyBundle(t, tinyTrainer(t, 1))
	load := func() *Bundle {
		t.Helper()
		b, err := LoadBundle(dir)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := load()
	all, err := DefaultVariants("smoke", b.Config, "teacher-l", "features-dino-s")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if err := b.writeVariant(variantManifest{Variant: v}, b.path(v.Part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := load().Want("teacher-l", "features-dino-s"); err != nil {
		t.Error(err)
	}
	for want, edit := range map[string]func(m *Bundle){
		`its prediction is "x0", the bundle's "v"`:                  func(m *Bundle) { m.Config.Prediction = diffusion.PredictV },
		`its schedule is "cosine", the bundle's "stable-diffusion"`: func(m *Bundle) { m.Config.Schedule = "stable-diffusion" },
	} {
		before := readManifest(t, dir)
		rewrite(t, dir, edit)
		b := load()
		wantError(t, want, b.Want("teacher-l"), "holds no teacher-l", want, "--variants teacher-l")
		if err := b.Want("features-dino-s"); err != nil {
			t.Error(err)
		}
		rewrite(t, dir, func(m *Bundle) { *m = before })
	}

	// Manifests of old bundles say neither.
	path := filepath.Join(dir, variantsDir, "teacher-l.json")
	var m variantManifest
	if err := record.ReadJSON(path, &m); err != nil {
		t.Fatal(err)
	}
	m.Schedule, m.Prediction = "", ""
	if err := record.WriteJSON(path, m); err != nil {
		t.Fatal(err)
	}
	if err := load().Want("teacher-l"); err != nil {
		t.Error(err)
	}
}

// The command that trains what a bundle lacks trains it at the bundle's scale.
func TestMissingVariantsAreOfTheBundlesScale(t *testing.T) {
	c := tinyTrainer(t, 1)
	c.Scale = "gpu"
	dir := tinyBundle(t, c)
	b, err := LoadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "no variant", b.Want("teacher-l"), "--variants teacher-l --bundle "+dir+" --scale gpu")
}
