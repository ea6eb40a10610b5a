package latent

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/hubtest"
	"github.com/addlab/addlab/internal/tinylatent"
)

func TestWeightFiles(t *testing.T) {
	shards := []string{"unet/diffusion_pytorch_model-00001-of-00002.safetensors", "unet/diffusion_pytorch_model-00002-of-00002.safetensors"}
	half := []string{"unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors", "unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors"}
	others := []string{"vae/diffusion_pytorch_model.safetensors", "unet/config.json", "unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.safetensors.index.json"}
	plain := "unet/diffusion_pytorch_model.safetensors"
	for why, test := range map[string]struct {
		names   []string
		variant string
		want    []string
		err     string
	}{
		"all shards":                   {shards, "", shards, ""},
		"the variant asked for":        {slices.Concat(shards, half), "fp16", half, ""},
		"none asked for":               {slices.Concat(half, shards), "", shards, ""},
		"the part lacks the variant":   {shards, "fp16", shards, ""},
		"the only variant":             {half, "", half, ""},
		"a number before the variant":  {[]string{"unet/model-00001-of-00001.fp16.safetensors"}, "", []string{"unet/model-00001-of-00001.fp16.safetensors"}, ""},
		"the last shard is missing":    {shards[:1], "", nil, shards[1] + " is missing, want all 2 shards"},
		"the first shard is missing":   {shards[1:], "", nil, shards[0] + " is missing"},
		"shards of two savings":        {[]string{strings.Replace(shards[0], "-of-00002", "-of-00003", 1), shards[1]}, "", nil, shards[0] + " is missing"},
		"shards, their index, a whole": {slices.Concat(shards, []string{plain}), "", shards, ""},
		"wholes by two names":          {[]string{plain, "unet/model.safetensors"}, "", nil, "are 2 files, want 1"},
		"two variants":                 {[]string{half[0], "unet/model.non_ema.safetensors"}, "", nil, `variant is missing, want one of ["fp16" "non_ema"]`},
		"a variant of torch.save":      {[]string{plain, "unet/diffusion_pytorch_model.fp16.bin"}, "fp16", []string{"unet/diffusion_pytorch_model.fp16.bin"}, ""},
		"only torch.save":              {nil, "", []string{"unet/diffusion_pytorch_model.bin"}, ""},
	} {
		got, err := weightFiles(slices.Concat(others, test.names), "unet", test.variant)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", why, diff)
		}
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: error %v, want %q", why, err, test.err)
		}
	}
}

func TestWeightFilesOfOtherParts(t *testing.T) {
	bins := []string{"text_encoder/pytorch_model-00001-of-00002.bin", "text_encoder/pytorch_model-00002-of-00002.bin"}
	for why, test := range map[string]struct {
		part  string
		names []string
		want  []string
		err   string
	}{
		"shards of torch.save":                  {"text_encoder", append([]string{"text_encoder/pytorch_model.bin.index.json", "text_encoder/training_args.bin"}, bins...), bins, ""},
		"one is missing":                        {"text_encoder", bins[:1], nil, bins[1] + " is missing"},
		"transformers takes the whole":          {"text_encoder", append([]string{"text_encoder/pytorch_model.bin", "text_encoder/pytorch_model.bin.index.json"}, bins...), []string{"text_encoder/pytorch_model.bin"}, ""},
		"diffusers does where there's no index": {"vae", []string{"vae/diffusion_pytorch_model.bin", "vae/diffusion_pytorch_model-00001-of-00002.bin"}, []string{"vae/diffusion_pytorch_model.bin"}, ""},
		"others":                                {"vae", []string{"vae/diffusion_flax_model.msgpack"}, nil, `vae: has ["diffusion_flax_model.msgpack"], want weights as safetensors or .bin`},
	} {
		got, err := weightFiles(test.names, test.part, "")
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", why, diff)
		}
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: error %v, want %q", why, err, test.err)
		}
	}
}

// files are those of a folder by name.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	names, err := list(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A model is fetched by name without what nothing reads, and is there without a network afterwards.
func TestOpenByName(t *testing.T) {
	hubtest.EmptyCaches(t)
	h := &hubtest.Hub{Kind: "models", Repo: "nobody/small", Files: files(t, tinylatent.Folder(t, "sd"))}
	unread := map[string][]byte{"v1-5-pruned.safetensors": nil, "unet/diffusion_pytorch_model.non_ema.safetensors": nil, "safety_checker/model.safetensors": nil, "README.md": nil}
	maps.Copy(h.Files, unread)
	h.Start(t)
	var notes []string
	o := Options{Variant: "fp16", Note: func(format string, args ...any) { notes = append(notes, format) }}
	m, err := Open(t.Context(), "nobody/small", o)
	if err != nil {
		t.Fatal(err)
	}
	if m.Size != 16 || len(notes) == 0 {
		t.Errorf("size = %d after %d notes", m.Size, len(notes))
	}
	for _, name := range h.Asked() {
		if _, bad := unread[name]; bad {
			t.Errorf("fetched %s, which nothing reads", name)
		}
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	again, err := Open(t.Context(), "hf:nobody/small", o)
	if err != nil || again.Dir != m.Dir {
		t.Errorf("offline: %v", err)
	}

	t.Setenv("HF_HUB_OFFLINE", "")
	for name, want := range map[string]string{
		"nobody/other":    "HF_TOKEN or hf auth login where it is private or gated; nor is there a folder nobody/other",
		"hf:nobody/other": "HF_TOKEN or hf auth login where it is private or gated",
		"no such folder":  "want a folder that is there, or OWNER/NAME",
		"./nosuch":        `model = "./nosuch", want a folder that is there, or OWNER/NAME`,
		"../student":      `model = "../student", want a folder that is there`,
		"runs/..":         `model = "runs/..", want a folder that is there`,
		".hidden/model":   `model = ".hidden/model", want a folder that is there`,
		"runs/./student":  `model = "runs/./student", want a folder that is there`,
	} {
		_, err := Open(t.Context(), name, o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "folder") == strings.HasPrefix(name, "hf:") {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

func TestASingleFileIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v1-5-pruned.ckpt")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), file, Options{}); err == nil || !strings.Contains(err.Error(), `v1-5-pruned.ckpt is a single-file checkpoint, which is not read, want a folder: diffusers makes one by`) {
		t.Errorf("error %v, want how to make a folder", err)
	}
}

func TestChooseRefuses(t *testing.T) {
	if _, err := (Options{}).choose([]string{"model.safetensors"}); err == nil || !strings.Contains(err.Error(), "no model_index.json") {
		t.Errorf("error %v", err)
	}
	names := slices.Collect(maps.Keys(files(t, tinylatent.Folder(t, "xl"))))
	if _, err := (Options{Variant: "fp16"}).choose(names); err == nil || !strings.Contains(err.Error(), `variant = "fp16", which no part has`) {
		t.Errorf("error %v", err)
	}
}

// transformers 5 saves a tokenizer as tokenizer.json, which others have beside what is read.
func TestTheTokenizerInOneFileIsReadWhereThereIsNoOther(t *testing.T) {
	names := []string{"model_index.json", "tokenizer/merges.txt", "tokenizer/tokenizer.json"}
	for _, test := range []struct{ add, want string }{{"unet/README.md", "tokenizer/tokenizer.json"}, {"tokenizer/vocab.json", "tokenizer/vocab.json"}} {
		got, err := (Options{}).choose(append(slices.Clone(names), test.add))
		slices.Sort(got)
		if diff := cmp.Diff([]string{"model_index.json", "tokenizer/merges.txt", test.want}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

// A folder may be put together from links, and be one.
func TestLinksAreFollowed(t *testing.T) {
	whole, parts, link := tinylatent.Folder(t, "sd"), t.TempDir(), filepath.Join(t.TempDir(), "model")
	entries, err := os.ReadDir(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(whole, e.Name()), filepath.Join(parts, e.Name())); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(parts, "unread")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(parts, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{parts, link} {
		if m, err := Open(t.Context(), dir, Options{}); err != nil || m.Size != 16 {
			t.Errorf("%s: %v, want a model", dir, err)
		}
	}
}
