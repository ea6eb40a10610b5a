package distill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/record"
)

// latentCache keeps the latents of a finite dataset's pictures on disk, so that a picture passes the autoencoder once, whatever the method and
// the seed. Picture i has a record of its own in one file; a mark at its end tells that it is whole. Processes may share the file: they
// write the same bytes.
type latentCache struct {
	file   *os.File
	values int // of a picture's latents
}

// latentMark is no float32 that an autoencoder gives: a NaN with a payload.
const latentMark = 0x7fc0add1

// openLatents opens the cache of a run in a folder; nil where the source has no end.
func openLatents(in Inputs, values int) (*latentCache, error) {
	if in.Data.Train().Len() == math.MaxInt {
		return nil, nil
	}
	dir := in.Latents
	if dir == "" {
		var err error
		if dir, err = download.Dir("latents"); err != nil {
			return nil, fmt.Errorf("distill: no cache folder for latents: %w", err)
		}
	}
	name, err := record.Hash(map[string]any{"format": 1, "data": in.Data.Hash(), "vae": in.Bundle.Hash(vaeScope), "size": in.Bundle.Size(), "precision": in.Config.Precision})
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("distill: latents: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("distill: latents: %w", err)
	}
	return &latentCache{file, values}, nil
}

// get reads the latents of picture i, nil where they are not there.
func (c *latentCache) get(i int) ([]float32, error) {
	raw := make([]byte, 4*(c.values+1))
	if _, err := c.file.ReadAt(raw, int64(i)*int64(len(raw))); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("distill: latents: %w", err)
	}
	if binary.LittleEndian.Uint32(raw[4*c.values:]) != latentMark {
		return nil, nil
	}
	x := make([]float32, c.values)
	for k := range x {
		x[k] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*k:]))
	}
	return x, nil
}

// put keeps the latents of picture i.
func (c *latentCache) put(i int, x []float32) error {
	raw := make([]byte, 0, 4*(c.values+1))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	raw = binary.LittleEndian.AppendUint32(raw, latentMark)
	if _, err := c.file.WriteAt(raw, int64(i)*int64(len(raw))); err != nil {
		return fmt.Errorf("distill: latents: %w", err)
	}
	return nil
}
