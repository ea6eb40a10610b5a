package weights_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/network/weights"
	"github.com/gomlx/gomlx/ml/model"
)

// Weights travel from a file into the variables below a scope, and back from another scope.
func Example() {
	dir, _ := os.MkdirTemp("", "weights")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "teacher.safetensors")

	trained := &weights.File{
		Tensors:  map[string]weights.Tensor{"conv_in.weight": {Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}},
		Metadata: map[string]string{"source": "pretrain, seed 1"},
	}
	if err := weights.Write(path, trained, weights.F16); err != nil {
		fmt.Println(err)
	}

	f, err := weights.Read(path)
	if err != nil {
		fmt.Println(err)
	}
	store := model.NewStore()
	if err := weights.Into(store, "/teacher", f); err != nil {
		fmt.Println(err)
	}
	fmt.Println(f.Metadata["source"])
	fmt.Println(store.GetVariable("/teacher/conv_in/weight").MustValue().Value())
	// Output:
	// pretrain, seed 1
	// [[1 2] [3 4]]
}
