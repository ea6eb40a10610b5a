package latent

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/internal/hub"
	"github.com/addlab/addlab/internal/published"
)

// Options say which files of a model are wanted.
type Options struct {
	Variant string                           // such as fp16; parts that lack it are taken without it
	Note    func(format string, args ...any) // reports what is fetched; may be nil
}

// find gives the folder of a model and the names of its files.
func (o Options) find(ctx context.Context, name string) (dir string, names []string, err error) {
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		return "", nil, published.SingleFile(name)
	} else if err == nil {
		names, err = list(name)
		return name, names, err
	}
	id, revision, _ := strings.Cut(strings.TrimPrefix(name, "hf:"), "@")
	if !repository.MatchString(id) {
		return "", nil, fmt.Errorf("model = %q, want a folder that is there, or OWNER/NAME on the HuggingFace hub", name)
	}
	note := o.Note
	if note == nil {
		note = func(string, ...any) {}
	}
	f, err := hub.Repository{ID: id, Revision: revision, Model: true}.Fetch(ctx, o.choose, note)
	if err != nil && f.Dir == "" && ctx.Err() == nil && !strings.HasPrefix(name, "hf:") {
		err = fmt.Errorf("%w; nor is there a folder %s", err, name)
	}
	return f.Dir, f.Names, err
}

// repository is OWNER/NAME. No part of it begins with a dot, as parts of paths do.
var repository = regexp.MustCompile(`^\w[\w.-]*/\w[\w.-]*$`)

// list names the files of a folder and of those in it. Links are what they lead to.
func list(dir string) ([]string, error) { return listIn(dir, "", true) }

func listIn(dir, folder string, deeper bool) (names []string, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		info, fault := os.Stat(filepath.Join(dir, name))
		switch {
		case fault != nil || !info.IsDir(): // whoever wants a link to nothing reports it
			names = append(names, name)
		case deeper:
			inside, fault := listIn(dir, name, false)
			if fault != nil {
				return nil, fault
			}
			names = append(names, inside...)
		}
	}
	return names, err
}

// choose picks the files that are read, of all that a repository has.
func (o Options) choose(names []string) (chosen []string, err error) {
	if !slices.Contains(names, "model_index.json") {
		return nil, fmt.Errorf("no model_index.json, want a model in diffusers' layout")
	}
	for _, name := range names {
		switch dir, base := path.Split(name); {
		case name == "model_index.json", dir == "scheduler/" && base == "scheduler_config.json",
			slices.Contains(parts, strings.TrimSuffix(dir, "/")) && base == "config.json",
			strings.HasPrefix(dir, "tokenizer") && slices.Contains([]string{"vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}, base),
			strings.HasPrefix(dir, "tokenizer") && base == "tokenizer.json" && !(slices.Contains(names, dir+"vocab.json") && slices.Contains(names, dir+"merges.txt")):
			chosen = append(chosen, name)
		}
	}
	found := o.Variant == ""
	for _, part := range parts {
		if !slices.Contains(names, part+"/config.json") {
			continue
		}
		files, err := weightFiles(names, part, o.Variant)
		if err != nil {
			return nil, err
		}
		found = found || o.Variant == variantOf(files[0])
		chosen = append(chosen, files...)
	}
	if !found {
		return nil, fmt.Errorf("variant = %q, which no part has", o.Variant)
	}
	return chosen, nil
}

// weightName is a file of weights: its base, a variant before or after the number of a shard, that number, and the kind of file.
var weightName = regexp.MustCompile(`^(diffusion_pytorch_model|model|pytorch_model)(\.[A-Za-z]\w*)?(?:-(\d+)-of-(\d+))?(\.[A-Za-z]\w*)?\.(safetensors|bin)$`)

func variantOf(name string) string {
	m := weightName.FindStringSubmatch(path.Base(name))
	return strings.TrimPrefix(m[2]+m[5], ".")
}

var shardNumber = regexp.MustCompile(`-\d+-of-`)

// weightFiles picks the files of a part's weights, the whole or all shards of one variant: the one asked for, none, or the only one.
// Safetensors go before what torch.save wrote, unless that alone has the variant.
func weightFiles(names []string, part, variant string) ([]string, error) {
	kinds, others := map[string]variants{"safetensors": {}, "bin": {}}, []string(nil)
	for _, name := range names {
		dir, base := path.Split(name)
		if dir != part+"/" {
			continue
		}
		if m := weightName.FindStringSubmatch(base); m != nil {
			v := variantOf(name)
			kinds[m[6]][v] = append(kinds[m[6]][v], name)
		} else {
			others = append(others, base)
		}
	}
	files := kinds["safetensors"]
	if bin := kinds["bin"]; len(files) == 0 || files[variant] == nil && variant != "" && bin[variant] != nil {
		files = bin
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: has %q, want weights as safetensors or .bin", part, others)
	}
	if files[variant] == nil {
		variant = ""
	}
	if len(files) == 1 {
		for variant = range files {
		}
	}
	chosen := files[variant]
	if chosen == nil {
		return nil, fmt.Errorf("%s: variant is missing, want one of %q", part, slices.Sorted(maps.Keys(files)))
	}
	sharded := slices.ContainsFunc(others, func(base string) bool { return strings.Contains(base, path.Ext(chosen[0])+".index.") })
	return wholeOrShards(part, chosen, sharded && slices.Contains(diffusersParts, part))
}

// variants are files by their variant.
type variants map[string][]string

// diffusersParts are those that diffusers reads; transformers reads the others.
var diffusersParts = []string{"unet", "vae"}

// wholeOrShards picks the whole file beside shards, or all shards: diffusers takes these where there is an index, transformers only where there
// is no whole.
func wholeOrShards(part string, files []string, sharded bool) ([]string, error) {
	slices.Sort(files)
	shards := slices.DeleteFunc(slices.Clone(files), func(name string) bool { return !shardNumber.MatchString(name) })
	if whole := slices.DeleteFunc(slices.Clone(files), shardNumber.MatchString); len(whole) > 0 && !(sharded && len(shards) > 0) {
		if len(whole) > 1 {
			return nil, fmt.Errorf("%s: %q are %d files, want 1", part, whole, len(whole))
		}
		return whole, nil
	}
	want, _ := strconv.Atoi(weightName.FindStringSubmatch(path.Base(shards[len(shards)-1]))[4])
	for i := range want {
		shard := shardNumber.ReplaceAllString(shards[len(shards)-1], fmt.Sprintf("-%05d-of-", i+1))
		if !slices.Contains(shards, shard) {
			return nil, fmt.Errorf("%s is missing, want all %d shards", shard, want)
		}
	}
	if len(shards) != want {
		return nil, fmt.Errorf("%s: %q are %d files, want %d", part, shards, len(shards), want)
	}
	return shards, nil
}
