package network

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

const halfParam = "addlab_bfloat16"

// HalfProducts makes linear layers, convolutions and attention of networks in this store multiply in bfloat16, as PyTorch's autocast does:
// weights, norms, sums and all between stay float32.
func HalfProducts(store *model.Store, on bool) { store.SetParam("/"+halfParam, on) }

// multiplied gives the factors of a product to multiply, in bfloat16 where HalfProducts asks for it, and the result in their own type.
func multiplied(x, y *Node, multiply func(x, y *Node) *Node) *Node {
	dtype, store := x.DType(), model.GetStore(x.Graph())
	if dtype != dtypes.Float32 || store == nil || !model.GetRootParamOr(store, halfParam, false) {
		return multiply(x, y)
	}
	return ConvertDType(multiply(ConvertDType(x, dtypes.BFloat16), ConvertDType(y, dtypes.BFloat16)), dtype)
}
