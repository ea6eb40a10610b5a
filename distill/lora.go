package distill

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// A student with Config.LoRA is its teacher with W + B·A in place of the weights W [O,I] of attention; A [r,I] and B [O,r] train. Names are
// peft's: to_q.lora_A.weight.

// LoRAFile has A and B of a student within a run's folder, as diffusers' load_lora_weights takes them.
const LoRAFile = "pytorch_lora_weights.safetensors"

// adaptedWeight matches the weights that diffusers adapts unless told otherwise.
var adaptedWeight = regexp.MustCompile(`^/` + teacherScope + `/(.*/attn[12]/(?:to_q|to_k|to_v|to_out/0))/weight$`)

// LoRAValues is the number of values in A and B for a tensor of the teacher, 0 for one that is not adapted.
func LoRAValues(rank int, name string, shape []int) int {
	if !adaptedWeight.MatchString("/" + teacherScope + "/" + strings.ReplaceAll(name, ".", "/")) {
		return 0
	}
	return rank * (shape[0] + shape[1])
}

// initLoRA creates A and B. A is uniform in ±1/√I, and B is 0, so that the student begins as its teacher.
func initLoRA(store *model.Store, cfg Config) error {
	var paths []string
	for v := range store.Scope("/" + teacherScope).IterVariables() {
		if adaptedWeight.MatchString(v.Path()) {
			paths = append(paths, v.Path())
		}
	}
	if slices.Sort(paths); len(paths) == 0 {
		return fmt.Errorf("distill: lora = %d, want 0: the teacher has no attention with to_q, to_k, to_v and to_out", cfg.LoRA)
	}
	for _, path := range paths {
		dims, layer := store.GetVariable(path).Shape().Dimensions, adaptedWeight.FindStringSubmatch(path)[1]
		r, a := rng.New(cfg.Seed, "lora/"+layer, 0), make([]float32, cfg.LoRA*dims[1])
		for i := range a {
			a[i] = float32((2*r.Float64() - 1) / math.Sqrt(float64(dims[1])))
		}
		for name, x := range map[string]*tensors.Tensor{
			"lora_A": tensors.FromFlatDataAndDimensions(a, cfg.LoRA, dims[1]),
			"lora_B": tensors.FromFlatDataAndDimensions(make([]float32, dims[0]*cfg.LoRA), dims[0], cfg.LoRA),
		} {
			if _, err := store.CreateVariable("/"+studentScope+"/"+layer+"/"+name+"/weight", x); err != nil {
				return fmt.Errorf("distill: lora: %w", err)
			}
		}
	}
	return nil
}

// adapted is the teacher with A and B of a scope.
func (n networks) adapted(scope string) diffusion.Denoiser {
	base := n.denoiser(teacherScope, n.cfg.Student())
	return func(xt *Node, level diffusion.Level, cond diffusion.Cond) *Node {
		store, g := n.root.Store(), xt.Graph()
		nodes := map[string]*Node{}
		for v := range store.Scope("/" + teacherScope).IterVariables() {
			if m := adaptedWeight.FindStringSubmatch(v.Path()); m != nil {
				part := func(name string) *Node {
					return store.GetVariable("/" + scope + "/" + m[1] + "/" + name + "/weight").NodeValue(g)
				}
				nodes[v.Path()] = addLoRA(v.NodeValue(g), part("lora_A"), part("lora_B"))
			}
		}
		return network.Replaced(store, nodes, func() *Node { return base(xt, level, cond) })
	}
}

// addLoRA is W + B·A.
func addLoRA(w, a, b *Node) *Node {
	return Add(ConvertDType(w, dtypes.Float32), EinsumAxes(b, a, [][2]int{{1, 0}}, nil))
}

// merged is a whole network, from the teacher in a store and from A and B.
func merged(backend compute.Backend, store *model.Store, lora *weights.File) (*weights.File, error) {
	whole, err := weights.FromStore(store, "/"+teacherScope)
	if err != nil {
		return nil, err
	}
	add, err := NewExec(backend, addLoRA)
	if err != nil {
		return nil, fmt.Errorf("distill: lora: %w", err)
	}
	defer add.Finalize()
	for name, w := range whole.Tensors {
		layer, ok := strings.CutSuffix(name, ".weight")
		a, adapted := lora.Tensors[layer+".lora_A.weight"]
		if !ok || !adapted {
			continue
		}
		b := lora.Tensors[layer+".lora_B.weight"]
		tensor := func(t weights.Tensor) *tensors.Tensor { return tensors.FromFlatDataAndDimensions(t.Data, t.Shape...) }
		sum, err := add.Call1(tensor(w), tensor(a), tensor(b))
		if err != nil {
			return nil, fmt.Errorf("distill: lora: %s: %w", name, err)
		}
		whole.Tensors[name] = weights.Tensor{Shape: w.Shape, Data: tensors.MustCopyFlatData[float32](sum)}
	}
	return whole, nil
}

// writeLoRA writes A and B of the student's average.
func writeLoRA(path string, store *model.Store) error {
	lora, err := weights.FromStore(store, "/"+studentEMAScope)
	if err != nil {
		return err
	}
	named := &weights.File{Tensors: map[string]weights.Tensor{}, Metadata: map[string]string{"format": "pt"}}
	for name, t := range lora.Tensors {
		named.Tensors["unet."+name] = t
	}
	return weights.Write(path, named, weights.F32)
}
