package distill

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/train"
)

// encoder gives the latents of pictures. It is a graph of its own, and reads one picture at a time, so that the training's graph needs no
// memory for it.
type encoder struct {
	exec  *model.Exec
	size  int
	cache *records          // nil for none
	note  func(text string) // is told why latents are no longer kept
}

// newEncoder is nil where pictures themselves are diffused.
func newEncoder(in Inputs, store *model.Store, note func(text string)) (*encoder, error) {
	base, ok := in.Bundle.(Autoencoded)
	if !ok {
		return nil, nil
	}
	side, channels := base.Latents()
	cache, err := openLatents(in, side*side*channels)
	if err != nil {
		return nil, err
	}
	exec, err := encoding(in, base, store)
	if err != nil {
		return nil, err
	}
	return &encoder{exec, base.Size(), cache, note}, nil
}

// encoding is the program of an encoder.
func encoding(in Inputs, base Autoencoded, store *model.Store) (*model.Exec, error) {
	exec, err := model.NewExec(in.Backend, store, func(root *model.Scope, args []*Node) []*Node {
		return []*Node{base.Encode(root.At(vaeScope), args[0])}
	})
	if err != nil {
		return nil, fmt.Errorf("distill: encoding: %w", err)
	}
	return exec, nil
}

// openLatents opens the records of the latents of a run's pictures in a folder; nil where the source has no end. Picture i has record i.
func openLatents(in Inputs, values int) (*records, error) {
	if in.Data.Train().Len() == math.MaxInt {
		return nil, nil
	}
	return openRecords("latents", in.Latents, values, map[string]any{
		"format": 2, "data": in.Data.Hash(), "vae": in.Bundle.Hash(vaeScope), "size": in.Bundle.Size(), "precision": in.Config.Precision,
	})
}

// encode gives the latents of a batch's pictures, flat [B,H,W,Z].
func (e *encoder) encode(b dataset.Batch) (latents []float32, err error) {
	area := e.size * e.size * 3
	for k, i := range b.Indices {
		var z []float32
		if e.cache != nil {
			if z, err = e.cache.get(i, ""); err != nil {
				return nil, err
			}
		}
		if z == nil {
			if z, err = e.one(b.Images[k*area : (k+1)*area]); err != nil {
				return nil, err
			}
			if e.cache != nil {
				if err := e.cache.put(i, "", z); err != nil { // a full disk costs time, no training
					e.note(err.Error() + "; pictures are encoded anew from here on")
					e.dropCache()
				}
			}
		}
		latents = append(latents, z...)
	}
	return latents, nil
}

// one encodes a picture.
func (e *encoder) one(picture []float32) ([]float32, error) {
	x := train.F32(picture, 1, e.size, e.size, 3)
	z, err := e.exec.Call1(x)
	engine.Release(x)
	if err != nil {
		return nil, fmt.Errorf("distill: encoding: %w", err)
	}
	defer engine.Release(z)
	return tensors.MustCopyFlatData[float32](z), nil
}

func (e *encoder) close() {
	if e == nil {
		return
	}
	e.exec.Finalize()
	e.dropCache()
}

func (e *encoder) dropCache() {
	if e.cache != nil {
		e.cache.file.Close()
	}
	e.cache = nil
}
