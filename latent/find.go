package latent

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/internal/hub"
)

// Options say which files of a model are wanted.
type Options struct {
	Variant string                           // such as fp16; parts that lack it are taken without it
	Note    func(format string, args ...any) // reports what is fetched; may be nil
}

// find gives the folder of a model and the names of its files.
func (o Options) find(ctx context.Context, name string) (dir string, names []string, err error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
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

// weightName is a file of weights: its base, a variant before or after the number of a shard, and that number.
var weightName = regexp.MustCompile(`^(?:diffusion_pytorch_model|model)(\.[A-Za-z]\w*)?(?:-(\d+)-of-(\d+))?(\.[A-Za-z]\w*)?\.safetensors$`)

func variantOf(name string) string {
	m := weightName.FindStringSubmatch(path.Base(name))
	return strings.TrimPrefix(m[1]+m[4], ".")
}

var shardNumber = regexp.MustCompile(`-\d+-of-`)

// weightFiles picks the files of a part's weights, all shards of one variant: the one asked for, none, or the only one.
func weightFiles(names []string, part, variant string) ([]string, error) {
	files, want, others := map[string][]string{}, map[string]int{}, []string(nil)
	for _, name := range names {
		dir, base := path.Split(name)
		if dir != part+"/" {
			continue
		}
		m := weightName.FindStringSubmatch(base)
		if m == nil {
			others = append(others, base)
			continue
		}
		v := variantOf(name)
		files[v] = append(files[v], name)
		if want[v] = 1; m[3] != "" {
			want[v], _ = strconv.Atoi(m[3])
		}
	}
	if files[variant] == nil {
		variant = ""
	}
	if len(files) == 1 {
		for variant = range files {
		}
	}
	chosen := files[variant]
	slices.Sort(chosen)
	for i := range want[variant] {
		shard := shardNumber.ReplaceAllString(chosen[len(chosen)-1], fmt.Sprintf("-%05d-of-", i+1))
		if !slices.Contains(chosen, shard) {
			return nil, fmt.Errorf("%s is missing, want all %d shards", shard, want[variant])
		}
	}
	switch {
	case chosen == nil && len(files) > 0:
		var known []string
		for v := range files {
			known = append(known, v)
		}
		slices.Sort(known)
		return nil, fmt.Errorf("%s: variant is missing, want one of %q", part, known)
	case chosen == nil:
		return nil, fmt.Errorf("%s: has %q, want weights as safetensors", part, others)
	case len(chosen) != want[variant]:
		return nil, fmt.Errorf("%s: %q are %d files, want %d", part, chosen, len(chosen), want[variant])
	}
	return chosen, nil
}
