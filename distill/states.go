package distill

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/train"
)

// B batch, L tokens, C width and P pooled width of what text towers say of a caption, V = L·C + P.

// states are what the text towers of a latent diffusion model say of the captions of a finite source, and of the empty and the negative one.
// They are computed before a training, which then holds no towers, and kept on disk as float32, in which towers give them. Where there are
// none, as in the zero value, the training's own towers run in every pass.
type states struct {
	records              *records             // nil for none
	index                map[string]int       // of a caption's record
	shared, batch        map[string][]float32 // in memory: those that all batches need, and this batch's
	tokens, width, total int                  // L, C, V
}

// statesLimit is how many bytes the states of a source may take on disk.
const statesLimit = 32 << 30

// there reports whether there are states.
func (s *states) there() bool { return s != nil && s.records != nil }

// open reads and checks the states of a source's captions and computes what is missing. Interrupted, it continues there the next time.
// Without them it leaves a note, unless towers are not those of a latent diffusion model.
func (s *states) open(ctx context.Context, in Inputs, source dataset.Source, limit int64, progress *train.Progress) error {
	base, ok := in.Bundle.(Autoencoded)
	if !ok {
		return nil
	}
	progress.Begin("captions", 0, 0)
	if source.Len() == math.MaxInt {
		progress.Note("the data have no end: text towers run in every pass")
		return nil
	}
	captions, err := dataset.Captions(source)
	if err != nil {
		return err
	}
	kept := &states{index: map[string]int{}, shared: map[string][]float32{}}
	if err := kept.shape(in, base); err != nil {
		return err
	}
	fields := map[string]any{"format": 1, "captions": captions, "text": base.TextHash(), "precision": in.Config.Precision}
	// These come last and do not name the file: configs with other negative captions share it, and make that record anew.
	for _, caption := range []string{"", in.Config.negative(base)} {
		kept.shared[caption] = nil // until fill reads it
		if !slices.Contains(captions, caption) {
			captions = append(captions, caption)
		}
	}
	for i, caption := range captions {
		kept.index[caption] = i
	}
	if bytes := RecordBytes(kept.total) * int64(len(captions)); bytes > limit {
		progress.Note(fmt.Sprintf("their states would take %.3g GB of disk, want at most %.3g: text towers run in every pass", float64(bytes)/1e9, float64(limit)/1e9))
		return nil
	}
	if kept.records, err = openRecords("states", in.States, kept.total, fields); err != nil {
		return err
	}
	if err := kept.fill(ctx, in, captions, progress); err != nil || !kept.there() {
		kept.close()
		return err
	}
	*s = *kept
	return nil
}

// shape learns L, C and V of the towers, and reads no weights.
func (s *states) shape(in Inputs, base Autoencoded) error {
	store := model.NewStore()
	defer store.Finalize()
	return network.Declare(in.Backend, store, func(root *model.Scope, g *Graph) {
		_, length := base.Tokens([]string{""})
		c := base.Text(root.At(textScope), Parameter(g, "ids", shapes.Make(dtypes.Int32, 1, length)))
		s.tokens, s.width = c.Tokens.Shape().Dim(1), c.Tokens.Shape().Dim(2)
		s.total = s.tokens*s.width + c.Pooled.Shape().Dim(1)
	})
}

// outline makes the states of blank batches, of which only the shape is known.
func (s *states) outline(in Inputs) error {
	base, ok := in.Bundle.(Autoencoded)
	if !ok {
		return nil
	}
	if err := s.shape(in, base); err != nil {
		return err
	}
	s.records, s.shared = &records{values: s.total}, map[string][]float32{}
	for _, caption := range []string{"", in.Config.negative(base)} {
		s.shared[caption] = make([]float32, s.total)
	}
	return nil
}

// fill makes all records whole. Where nothing can be written it leaves a note and no records.
func (s *states) fill(ctx context.Context, in Inputs, captions []string, progress *train.Progress) error {
	var t *towers
	defer func() { t.close() }()
	progress.Begin("captions", 0, len(captions))
	for i, caption := range captions {
		if err := ctx.Err(); err != nil {
			return err
		}
		x, err := s.records.get(i, caption)
		if err != nil {
			return err
		}
		if x == nil {
			if t == nil {
				if t, err = newTowers(in); err != nil {
					return err
				}
			}
			if x, err = t.say(caption); err != nil {
				return err
			}
			if err := s.records.put(i, caption, x); err != nil { // a full disk costs time, no training
				progress.Note(err.Error() + "; text towers run in every pass")
				os.Remove(s.records.file.Name()) // checkpoints need the room
				s.close()
				return nil
			}
		}
		if _, ok := s.shared[caption]; ok {
			s.shared[caption] = x
		}
		progress.Step(i+1, nil, nil)
	}
	progress.End()
	return nil
}

// read takes the states of a batch's captions into memory.
func (s *states) read(captions []string) error {
	if !s.there() {
		return nil
	}
	s.batch = map[string][]float32{}
	for _, caption := range captions {
		if _, ok := s.shared[caption]; ok {
			continue
		}
		i, ok := s.index[caption]
		if !ok {
			return fmt.Errorf("distill: states: caption %q was not among those of the data before", caption)
		}
		x, err := s.records.get(i, caption)
		if err != nil {
			return err
		}
		if x == nil {
			return fmt.Errorf("distill: states: %s was altered after the training began: the same command mends it", s.records.file.Name())
		}
		s.batch[caption] = x
	}
	return nil
}

// of gives states that are in memory, [B,V].
func (s *states) of(captions []string) *tensors.Tensor {
	var flat []float32
	for _, caption := range captions {
		x, ok := s.shared[caption]
		if !ok {
			x = s.batch[caption]
		}
		flat = append(flat, x...)
	}
	return train.F32(flat, len(captions), s.total)
}

// cond takes states [B,V] apart.
func (s *states) cond(x *Node) diffusion.Cond {
	n := s.tokens * s.width
	tokens := Reshape(Slice(x, AxisRange(), AxisRange(0, n)), x.Shape().Dim(0), s.tokens, s.width)
	return diffusion.Cond{Tokens: tokens, Pooled: Slice(x, AxisRange(), AxisRange(n, s.total))}
}

func (s *states) close() {
	if s.there() {
		s.records.file.Close()
		s.records = nil
	}
}

// towers are the text towers by themselves. They read one caption at a time, so that what they say does not depend on others.
type towers struct {
	base  Base
	store *model.Store
	exec  *model.Exec
}

func newTowers(in Inputs) (*towers, error) {
	t := &towers{base: in.Bundle, store: model.NewStore()}
	network.HalfProducts(t.store, in.Config.Precision == BF16)
	err := loadFrozen(in.Backend, t.store, in.Bundle, in.Config, textScope, textScope)
	if err == nil {
		t.exec, err = model.NewExec(in.Backend, t.store, func(root *model.Scope, args []*Node) []*Node {
			c := in.Bundle.Text(root.At(textScope), args[0])
			return []*Node{Concatenate([]*Node{Reshape(c.Tokens, 1, -1), c.Pooled}, 1)}
		})
	}
	if err != nil {
		t.close()
		return nil, fmt.Errorf("distill: text towers: %w", err)
	}
	return t, nil
}

// say gives the states of a caption.
func (t *towers) say(caption string) ([]float32, error) {
	ids, length := t.base.Tokens([]string{caption})
	x := train.I32(ids, 1, length)
	said, err := t.exec.Call1(x)
	engine.Release(x)
	if err != nil {
		return nil, fmt.Errorf("distill: text towers: %w", err)
	}
	defer engine.Release(said)
	return tensors.MustCopyFlatData[float32](said), nil
}

func (t *towers) close() {
	if t == nil {
		return
	}
	if t.exec != nil {
		t.exec.Finalize()
	}
	t.store.Finalize()
	engine.TrimMemory()
}
