package distill

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/train"
)

// encoder gives the latents of pictures. It is a graph of its own, and reads one picture at a time, so that the training's graph needs no
// memory for it.
type encoder struct {
	exec *model.Exec
	size int
}

// newEncoder is nil where pictures themselves are diffused.
func newEncoder(in Inputs, store *model.Store) (*encoder, error) {
	base, ok := in.Bundle.(Autoencoded)
	if !ok {
		return nil, nil
	}
	exec, err := model.NewExec(in.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		return []*Node{base.Encode(root.At(vaeScope), args[0])}
	})
	if err != nil {
		return nil, fmt.Errorf("distill: encoding: %w", err)
	}
	return &encoder{exec, base.Size()}, nil
}

// encode reads pictures, flat [B,S,S,3], and gives their latents, flat [B,H,W,Z].
func (e *encoder) encode(pictures []float32) (latents []float32, err error) {
	for area := e.size * e.size * 3; len(pictures) > 0; pictures = pictures[area:] {
		x := train.F32(pictures[:area], 1, e.size, e.size, 3)
		z, err := e.exec.Call1(x)
		engine.Release(x)
		if err != nil {
			return nil, fmt.Errorf("distill: encoding: %w", err)
		}
		latents = append(latents, tensors.MustCopyFlatData[float32](z)...)
		engine.Release(z)
	}
	return latents, nil
}

func (e *encoder) close() {
	if e != nil {
		e.exec.Finalize()
	}
}
