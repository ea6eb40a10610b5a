package pictures

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
)

const (
	defaultSplit  = "heldout"
	defaultScenes = 5000 // as many as the ablations are scored with
)

// openScenes draws WORLD[:SPLIT[:N[:FIRST]]] of a built-in world.
func openScenes(ctx context.Context, spec string, o Options) (Set, error) {
	set := Set{Name: spec, Kind: "scenes"}
	split, numbers := defaultSplit, [2]int{cmp.Or(o.N, defaultScenes), 0} // how many, and from which on
	fields := strings.Split(spec, ":")
	name, size := fields[0], cmp.Or(o.Size, dataset.DefaultScenes().Size)
	if dataset.IsOfClasses(name) {
		return set, fmt.Errorf("pictures: %s is a set of classes, want a world with attributes, or its pictures as a folder", name)
	}
	data, err := dataset.Spec{Name: name}.Open(ctx, size, o.Note)
	if err != nil {
		return set, err
	}
	world, ok := data.(dataset.Labelled)
	if !ok {
		return set, fmt.Errorf("pictures: %s has no splits", name)
	}
	set.World = world
	splits := world.Splits()
	wrong := fmt.Errorf("pictures: %q, want %s:SPLIT:N:FIRST with a split of %s and whole numbers", spec, name, strings.Join(splits, ", "))
	if len(fields) > 4 {
		return set, wrong
	}
	if len(fields) > 1 {
		if split = fields[1]; !slices.Contains(splits, split) {
			return set, wrong
		}
	}
	for i, field := range fields[min(2, len(fields)):] {
		var err error
		if numbers[i], err = strconv.Atoi(field); err != nil || numbers[i] < 1-i || numbers[i] > 100_000_000 {
			return set, wrong
		}
	}
	n, first := numbers[0], numbers[1]
	source := world.Labels(split)
	for i := first; i < first+n; i++ {
		hash := NewHash("scene", world.Hash(), split, strconv.Itoa(i))
		set.Items = append(set.Items, Drawn(fmt.Sprintf("%s/%08d", split, i), source.Facts(i).Caption, hash, size, func() ([]float32, error) {
			return source.Picture(i).Pix, nil
		}))
	}
	return set, nil
}

// Drawn is a picture [size,size,3] of [-1,1] that draw gives when its pixels are asked for.
func Drawn(name, caption string, hash Hash, size int, draw func() ([]float32, error)) Item {
	return Item{name, caption, func() (Content, error) {
		return Content{Hash: hash, Format: "drawn", Width: size, Height: size, Decode: func() (extractor.RGB, error) {
			pix, err := draw()
			return EightBits(pix, size), err
		}}, nil
	}}
}

// EightBits rounds values of [-1,1], flat [size,size,3], as a picture file would hold them; what lies outside is clipped.
func EightBits(pix []float32, size int) extractor.RGB {
	rgb := extractor.RGB{Width: size, Height: size, Pix: make([]uint8, len(pix))}
	for i, v := range pix {
		rgb.Pix[i] = uint8(math.Round(127.5 * (min(max(float64(v), -1), 1) + 1)))
	}
	return rgb
}
