package arch

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/addlab/addlab/"
	gomlx  = "github.com/gomlx/"
)

// layers are the rooms of the house from the bottom; a package may import what lies in lower layers only. "x/*" are the
// packages directly below x.
var layers = [][]string{
	{"internal/check", "internal/parallel", "internal/named", "internal/download"},
	{"internal/rng", "internal/atomicfile", "internal/program", "internal/processes", "internal/slurm", "internal/dense", "internal/smallpng", "internal/fold", "internal/pickle", "internal/published", "internal/hub", "internal/hubtest", "internal/tinylatent", "internal/tinyedm"},
	{"network/weights", "network/tokenizer", "eval/npy", "internal/graphtest"},
	{"internal/wheel", "internal/npm"},
	{"engine", "internal/wheeltest", "internal/npmtest", "network/packaged"},
	{"record", "dataset", "train/optim"},
	{"network", "internal/tinyworld"},
	{"diffusion"},
	{"distill/discriminator", "eval"},
	{"train"},
	{"pretrain", "latent", "edm"},
	{"eval/extractor", "eval/preference", "internal/tinybundle", "diffusion/pipeline"},
	{"eval/pictures"},
	{"eval/metric"},
	{"distill", "eval/protocol", "eval/features"},
	{"distill/teachers"},
	{"report/plot"},
	{"report"},
	{"ablations"},
	{"sweep"},
	{"notebooks/show", "notebooks/points"},
	{"notebooks/lessons"},
	{"experiments/*", "internal/arch"},
}

// narrower names packages that may import less of the project than their layer allows.
var narrower = map[string][]string{
	"network/tokenizer":   {"internal/published"},
	"dataset":             {"internal/atomicfile", "internal/download", "internal/hub", "internal/npm", "internal/parallel", "internal/rng", "network/tokenizer"}, // for what a word is
	"record":              {"network/weights", "internal/atomicfile"},
	"internal/hub":        {"internal/download"},
	"internal/download":   {},
	"internal/npm":        {"internal/download"},
	"internal/hubtest":    {},
	"internal/check":      {},
	"internal/program":    {},
	"internal/dense":      {"internal/parallel"},
	"internal/parallel":   {},
	"internal/named":      {},
	"internal/processes":  {},
	"train/optim":         {},
	"eval/npy":            {"internal/atomicfile", "internal/pickle"},
	"internal/pickle":     {},
	"internal/published":  {},
	"internal/tinylatent": {},
	"internal/tinyedm":    {},
	"eval/pictures":       {"dataset", "eval/extractor"},              // they measure nothing
	"eval":                {"internal/dense", "internal/parallel"},    // statistics know no network and no picture
	"eval/metric":         {"eval", "internal/named", "internal/rng"}, // names extractors, runs none
	"eval/preference":     {"eval"},                                   // statistics of votes, whatever they are about
	"internal/smallpng":   {},
	"internal/fold":       {},
	"report/plot":         {"dataset", "eval", "internal/fold", "internal/smallpng"},                            // figures know no table
	"report":              {"eval", "report/plot", "internal/atomicfile", "internal/fold", "internal/smallpng"}, // tables know no training

	"notebooks/show": {"report", "report/plot", "internal/smallpng"},
}

// withoutGraphs are packages that must not import GoMLX.
var withoutGraphs = []string{"internal/rng", "internal/atomicfile", "eval/npy", "network/tokenizer", "dataset", "eval", "eval/metric", "eval/preference", "report", "report/plot"}

// backends are imported by package engine alone, and by what opens the pure Go engine for tests: no other package may know which one
// runs.
var backends = []string{gomlx + "go-xla/", gomlx + "compute-onnx", gomlx + "compute/gobackend"}

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath, Doc string
	Imports         []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-json=ImportPath,Doc,Imports", "./...")
	cmd.Dir, cmd.Stderr = root, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// layerOf is the layer of a package, −1 if none names it.
func layerOf(pkg string) int {
	return slices.IndexFunc(layers, func(names []string) bool {
		return slices.Contains(names, pkg) || slices.Contains(names, path.Dir(pkg)+"/*")
	})
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, module)
		layer := layerOf(pkg)
		if layer < 0 {
			t.Errorf("%s stands in no layer, want it in the list above this test", pkg)
			continue
		}
		for _, imported := range p.Imports {
			for _, b := range backends {
				if pkg != "engine" && pkg != "internal/graphtest" && strings.HasPrefix(imported, b) {
					t.Errorf("%s imports %s, want only engine to know a backend", pkg, imported)
				}
			}
			if strings.HasPrefix(imported, gomlx) && slices.Contains(withoutGraphs, pkg) {
				t.Errorf("%s imports %s, want no GoMLX there", pkg, imported)
			}
			dependency, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if at := layerOf(dependency); at >= layer {
				t.Errorf("%s (layer %d) imports %s (layer %d), want lower layers only", pkg, layer, dependency, at)
			}
			if allowed, narrow := narrower[pkg]; narrow && !slices.Contains(allowed, dependency) {
				t.Errorf("%s imports %s, want only %q of this project", pkg, dependency, allowed)
			}
		}
	}
}

func TestLayersExist(t *testing.T) {
	for _, names := range layers {
		for _, name := range names {
			if _, err := os.Stat(path.Join(root, strings.TrimSuffix(name, "/*"))); err != nil {
				t.Errorf("layer names a package that is not there: %v", err)
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment, want a sentence before its package clause", strings.TrimPrefix(p.ImportPath, module))
		}
	}
}
