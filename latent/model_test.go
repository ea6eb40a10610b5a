package latent

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/network/weights"
)

// copied is a model of testdata with a text replaced in a file.
func copied(t *testing.T, folder, name, old, new string) string {
	t.Helper()
	dir := tinylatent.Folder(t, folder)
	edit(t, filepath.Join(dir, name), old, new)
	return dir
}

// edit replaces a text in a file.
func edit(t *testing.T, file, old, new string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s: %v, want %q in it", file, err, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesByName(t *testing.T) {
	for want, edit := range map[string][4]string{
		`model_index.json: _class_name = "StableDiffusion3Pipeline", want`:      {"sd", "model_index.json", "StableDiffusionPipeline", "StableDiffusion3Pipeline"},
		`unet = ["diffusers","UNet3DConditionModel"], want`:                     {"sd", "model_index.json", "[\n    \"diffusers\",\n    \"UNet2DConditionModel\"\n  ]", `["diffusers","UNet3DConditionModel"]`},
		`unet/config.json: act_fn = "gelu", want "silu"`:                        {"sd", "unet/config.json", `"silu"`, `"gelu"`},
		`unet: cross_attention_dim = 32, want 16 as the text towers have`:       {"sd", "unet/config.json", `"cross_attention_dim": 16`, `"cross_attention_dim": 32`},
		`unet: in_channels = 9 and out_channels = 4, want the 4 of the latents`: {"sd", "unet/config.json", `"in_channels": 4`, `"in_channels": 9`},
		`unet: reads a pooled text and sizes of 26 numbers, want 18`:            {"xl", "unet/config.json", `"projection_class_embeddings_input_dim": 60`, `"projection_class_embeddings_input_dim": 68`},
		`vae: in_channels = 3 and out_channels = 4, want 3`:                     {"sd", "vae/config.json", `"out_channels": 3`, `"out_channels": 4`},
		`tokenizer: has 531 ids, want at most vocab_size = 530`:                 {"sd", "text_encoder/config.json", `"vocab_size": 531`, `"vocab_size": 530`},
		`vae/config.json: latents_mean = 1, want null`:                          {"xl", "vae/config.json", `"latents_mean": null`, `"latents_mean": 1`},
		`model_max_length = 30, want at most max_position_embeddings = 20`:      {"xl", "tokenizer/tokenizer_config.json", `"model_max_length": 20`, `"model_max_length": 30`},
		`added_tokens_decoder: "<cat-toy>" has the id 0, want a piece`:          {"sd", "tokenizer/tokenizer_config.json", `"content": "!"`, `"content": "<cat-toy>"`},
		`tokenizer_2: model_max_length = 20, want 10 as tokenizer has`:          {"xl", "tokenizer/tokenizer_config.json", `"model_max_length": 20`, `"model_max_length": 10`},
	} {
		dir := copied(t, edit[0], edit[1], edit[2], edit[3])
		if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A config may say 2, which is wrong, and a table may have rows that no token has.
func TestTheEndOfACaptionIsTheTokenizers(t *testing.T) {
	dir := copied(t, "sd", "text_encoder/config.json", `"eos_token_id": 530`, `"eos_token_id": 2`)
	edit(t, filepath.Join(dir, "text_encoder", "config.json"), `"vocab_size": 531`, `"vocab_size": 540`)
	m, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Texts[0].Config.End; got != 530 {
		t.Errorf("end = %d, want 530", got)
	}
}

// diffusers opens the scheduler as the class that model_index.json names, whatever class saved the scheduler's own file.
func TestTheIndexNamesTheScheduler(t *testing.T) {
	for _, test := range []struct {
		index, sampler, want, err string
	}{
		{"DDIMScheduler", "", "DDIMScheduler", ""},
		{"DDIMScheduler", "unipc", "UniPCMultistepScheduler", ""},
		{"LMSDiscreteScheduler", "", "", `scheduler = "LMSDiscreteScheduler" in the pipeline's index, want one of`},
		{"LMSDiscreteScheduler", "ddim", "DDIMScheduler", ""},
	} {
		m, err := Open(t.Context(), copied(t, "sd", "model_index.json", "EulerDiscreteScheduler", test.index), Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := m.Scheduler(test.sampler)
		if test.err == "" && (err != nil || s.Class != test.want) || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s, sampler %q: class %q, error %v, want %q %s", test.index, test.sampler, s.Class, err, test.want, test.err)
		}
	}
	dir := copied(t, "sd", "model_index.json", `"diffusers",
    "EulerDiscreteScheduler"`, "null, null") // the file's own
	m, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := m.Scheduler(""); err != nil || s.Class != "EulerDiscreteScheduler" {
		t.Errorf("class %q (%v), want that of the file", s.Class, err)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	m, err := Open(t.Context(), tinylatent.Folder(t, "sd"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]Request{
		"steps = 0, want 1 to 1000":              {Size: 16},
		"size = 18, want a multiple of 4 pixels": {Size: 18, Steps: 1},
		"size = 1048576, want at most ":          {Size: 1 << 20, Steps: 1},
		"guidance = -1, want ≥ 0,":               {Size: 16, Steps: 1, Guidance: -1},
		"guidance = NaN, want ≥ 0,":              {Size: 16, Steps: 1, Guidance: math.NaN()},
		"guidance = +Inf, want ≥ 0,":             {Size: 16, Steps: 1, Guidance: math.Inf(1)},
		`sampler = "heun", want ddim`:            {Size: 16, Steps: 1, Sampler: "heun"},
		"steps = 60, want 1 to":                  {Size: 16, Steps: 60, Sampler: "lcm"},
	} {
		if err := m.Validate(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// At 16 pixels the U-Net has 64 tokens and two heads: logits and their softmax are 2·4·2·64² bytes.
func TestSizesEndWhereMemoryDoes(t *testing.T) {
	m, err := Open(t.Context(), tinylatent.Folder(t, "sd"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for memory, want := range map[float64]string{0: "", 65536: "", 65535: "latent: size = 16, want at most 12: it takes 6.1e-05 GB at least, and this machine has 6.1e-05 GB"} {
		if got := m.checkSize(16, memory); got == nil && want != "" || got != nil && got.Error() != want {
			t.Errorf("%g bytes: error %v, want %q", memory, got, want)
		}
	}
}

// Weights must be those of the configs, and stay in the precision of the file.
func TestLoadWantsTheWeightsOfTheConfig(t *testing.T) {
	m, err := Open(t.Context(), copied(t, "sd", "vae/config.json", `"layers_per_block": 1`, `"layers_per_block": 2`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Load(graphtest.Engine()); err == nil || !strings.Contains(err.Error(), "vae: ") || !strings.Contains(err.Error(), "missing (") {
		t.Errorf("error %v, want the part and the tensors that are missing", err)
	}
	if m, err = Open(t.Context(), tinylatent.Folder(t, "xl"), Options{}); err != nil {
		t.Fatal(err)
	}
	p, err := m.Load(graphtest.Engine())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	header, err := weights.Header(m.path(m.weights["vae"][0]))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range header.Tensors {
		v := p.store.GetVariable("/vae/" + strings.ReplaceAll(name, ".", "/"))
		if want.DType != weights.F16 || v == nil || v.DType() != dtypes.Float16 {
			t.Errorf("%s: %s in the file, %v in the store, want half precision in both", name, want.DType, v)
		}
	}
}
