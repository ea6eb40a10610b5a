package dataset

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// counting is a source whose sample i is a 2×2 picture of value i.
type counting struct {
	n    int
	fail int // this sample gives an error; 0 never
	odd  int // this sample has another size; 0 never
}

func (c counting) Len() int { return c.n }

func (c counting) Sample(i int) (Sample, error) {
	if i == c.fail && i > 0 {
		return Sample{}, errors.New("no such luck")
	}
	size := 2
	if i == c.odd && i > 0 {
		size = 3
	}
	pix := make([]float32, size*size*3)
	for k := range pix {
		pix[k] = float32(i)
	}
	return Sample{Image: Image{Size: size, Pix: pix}, Caption: fmt.Sprint(i)}, nil
}

func drawBatch(t testing.TB, l *Loader, step int) Batch {
	t.Helper()
	b, err := l.Batch(step)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryEpochSeesEverySampleOnce(t *testing.T) {
	const n = 10
	for _, size := range []int{1, 3, 10, 25} { // 25: one batch holds several epochs
		l := NewLoader(counting{n: n}, size, 1, "train")
		var all []int
		for step := 0; len(all) < 6*n; step++ {
			all = append(all, drawBatch(t, l, step).Indices...)
		}
		var epochs [][]int
		for epoch := range slices.Chunk(all[:6*n], n) {
			sorted := slices.Sorted(slices.Values(epoch))
			if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, sorted); diff != "" {
				t.Errorf("batches of %d: epoch %d (-want +got):\n%s", size, len(epochs), diff)
			}
			for _, other := range epochs {
				if slices.Equal(other, epoch) {
					t.Errorf("batches of %d: two epochs in the order %v", size, epoch)
				}
			}
			epochs = append(epochs, epoch)
		}
	}
}

func TestBatchIsAFunctionOfItsStep(t *testing.T) {
	for name, n := range map[string]int{"finite": 7, "endless": math.MaxInt} {
		t.Run(name, func(t *testing.T) {
			l := NewLoader(counting{n: n}, 3, 1, "train")
			var forwards []Batch
			for step := range 12 {
				forwards = append(forwards, drawBatch(t, l, step))
			}
			resumed := NewLoader(counting{n: n}, 3, 1, "train")
			for step := 11; step >= 0; step-- {
				if diff := cmp.Diff(forwards[step], drawBatch(t, resumed, step)); diff != "" {
					t.Errorf("batch %d (-forwards +backwards):\n%s", step, diff)
				}
			}
			for other, l := range map[string]*Loader{
				"seed":    NewLoader(counting{n: n}, 3, 2, "train"),
				"purpose": NewLoader(counting{n: n}, 3, 1, "eval"),
			} {
				same := 0
				for step := range 12 {
					if slices.Equal(forwards[step].Indices, drawBatch(t, l, step).Indices) {
						same++
					}
				}
				if same > 3 {
					t.Errorf("another %s gives %d of 12 batches again", other, same)
				}
			}
		})
	}
}

func TestBatchLaysSamplesOutInOrder(t *testing.T) {
	b := drawBatch(t, NewLoader(counting{n: 50}, 20, 3, "train"), 1)
	for i, index := range b.Indices {
		if b.Captions[i] != fmt.Sprint(index) {
			t.Errorf("caption %d = %q, want that of sample %d", i, b.Captions[i], index)
		}
		for _, v := range b.Images[i*12 : (i+1)*12] {
			if v != float32(index) {
				t.Fatalf("picture %d holds %v, want sample %d", i, v, index)
			}
		}
	}
}

func TestEndlessSourcesAreWalkedWithoutRepeats(t *testing.T) {
	for _, seed := range []int64{0, 1, -1, math.MaxInt64} {
		l := NewLoader(counting{n: math.MaxInt}, 4, seed, "train")
		first := drawBatch(t, l, 0).Indices[0]
		for _, step := range []int{0, 1, 1000, 1 << 40} {
			for i, index := range drawBatch(t, l, step).Indices {
				if want := first + step*4 + i; index != want || index < 0 || index > math.MaxInt>>1 {
					t.Errorf("seed %d: index %d of batch %d = %d, want %d", seed, i, step, index, want)
				}
			}
		}
	}
}

func TestBatchRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		loader *Loader
		step   int
		want   string
	}{
		{"batches of nothing", NewLoader(counting{n: 5}, 0, 1, ""), 0, "batch = 0, want ≥ 1"},
		{"an empty source", NewLoader(counting{}, 2, 1, ""), 0, "source = 0 samples, want ≥ 1"},
		{"a negative step", NewLoader(counting{n: 5}, 2, 1, ""), -1, "step = -1, want 0 …"},
		{"a step that overflows", NewLoader(counting{n: 5}, 2, 1, ""), math.MaxInt / 2, "want 0 …"},
		{"a sample that fails", NewLoader(counting{n: 5, fail: 3}, 5, 1, ""), 0, "no such luck"},
		{"samples of two sizes", NewLoader(counting{n: 5, odd: 3}, 5, 1, ""), 0, "want"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.loader.Batch(c.step); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
}

func BenchmarkBatch(b *testing.B) {
	l := NewLoader(counting{n: 1000}, 64, 1, "train")
	for step := 0; b.Loop(); step++ {
		drawBatch(b, l, step)
	}
}
