package teachers

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/packaged"
	"github.com/addlab/addlab/record"
)

// mainFeatures is the part of distillation that Spec.Features has the weights of; otherFeatures and a name are that of another network.
const mainFeatures, otherFeatures = "features", "features-"

// vits are the networks that Spec.Features may hold the weights of.
var vits = map[string]network.ViTConfig{
	"dinov2-s": published(network.DINOv2(384, 12)),
	"dinov2-b": published(network.DINOv2(768, 12)),
	"dinov2-l": published(network.DINOv2(1024, 24)),
	"dino-s":   published(network.ViTConfig{ImageSize: 224, Patch: 16, Width: 384, Depth: 12, Heads: 6, Stem: "patch", KeyBias: true}),
}

func published(c network.ViTConfig) network.ViTConfig {
	c.ImageNet = true
	return c
}

// otherNets are the networks of cells of disc-features by name, for pictures of a side.
func otherNets(side int) map[string]network.Features {
	return map[string]network.Features{
		"dino-s": vits["dino-s"], "dino2-s": vits["dinov2-s"], "dino2-b": vits["dinov2-b"], "dino2-l": vits["dinov2-l"],
		"clip-l":         network.CLIPFeatures{CLIPVisionConfig: network.CLIPVisionConfig{ImageSize: 224, Patch: 14, Width: 1024, MLP: 4096, Layers: 24, Heads: 16, QuickGELU: true}},
		efficientNetLite: network.EfficientNetFeatures{Net: network.EfficientNetLite0(), Size: max(side, min(4*side, 224))}, // small pictures are enlarged
	}
}

const efficientNetLite = "efficientnet-lite0"

func otherNames() []string {
	names := slices.Sorted(maps.Keys(otherNets(0)))
	return append(slices.DeleteFunc(names, func(name string) bool { return name == efficientNetLite }), efficientNetLite)
}

// featureFiles are all networks that discriminators of students may see through, for pictures of a side. The main one serves under the name
// of a cell, too. note is told what is fetched.
func (s Spec) featureFiles(ctx context.Context, side int, note func(format string, args ...any)) (network.FeatureFiles, error) {
	files, err := s.featureNets(side)
	if err != nil {
		return nil, err
	}
	for part, f := range files {
		if f.File == "" && part == otherFeatures+efficientNetLite {
			if f.File, err = packaged.EfficientNetLite0.Find(ctx, notes(note)); err != nil {
				return nil, err
			}
			files[part] = f
		}
	}
	return files, nil
}

// featureNets are featureFiles whose files are not looked for.
func (s Spec) featureNets(side int) (network.FeatureFiles, error) {
	net, ok := vits[s.FeaturesNet]
	if !ok && filepath.Ext(s.FeaturesNet) != ".json" {
		return nil, fmt.Errorf("features-net = %q, want one of %q, or a JSON file", s.FeaturesNet, slices.Sorted(maps.Keys(vits)))
	}
	if !ok {
		if err := record.Edit(s.FeaturesNet, &net); err != nil {
			return nil, err
		}
	}
	files := network.FeatureFiles{mainFeatures: network.FeatureFile{Net: net, File: s.Features}}
	for name, other := range otherNets(side) {
		if other == network.Features(net) {
			files[otherFeatures+name] = files[mainFeatures]
		}
	}
	others, err := s.others()
	if err != nil {
		return nil, err
	}
	for name, file := range others {
		net, ok := otherNets(side)[name]
		switch {
		case !ok:
			return nil, fmt.Errorf("other-features = %q, want NAME=FILE,… with names among %q", s.Others, otherNames())
		case file == "" && name != efficientNetLite:
			return nil, fmt.Errorf("other-features = %q, want %s=FILE, a file of its weights", s.Others, name)
		}
		files[otherFeatures+name] = network.FeatureFile{Net: net, File: file}
	}
	return files, nil
}

// Has reports whether a part of distillation is there under a name that no other part has. It opens nothing.
func (s Spec) Has(part string) bool {
	name, other := strings.CutPrefix(part, otherFeatures)
	others, _ := s.others()
	_, given := others[name]
	return slices.Contains([]string{"text", "teacher", mainFeatures}, part) || other && given
}

// others are the files of Others by name.
func (s Spec) others() (map[string]string, error) {
	files := map[string]string{}
	if s.Others == "" {
		return files, nil
	}
	for text := range strings.SplitSeq(s.Others, ",") {
		name, file, _ := strings.Cut(text, "=")
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("other-features = %q, want %s once", s.Others, name)
		}
		files[name] = file
	}
	return files, nil
}

// notes are lines for a note.
type notes func(format string, args ...any)

func (n notes) Write(line []byte) (int, error) {
	n("%s", strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}
