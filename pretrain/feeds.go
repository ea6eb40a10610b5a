package pretrain

import (
	"runtime"
	"sync"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/rng"
)

// labelled is a source with attribute labels: the built-in world.
type labelled interface {
	Scene(i int) (scene dataset.Scene, caption string, stated dataset.Attributes)
}

// labelledBatch is pictures with all their attributes.
type labelledBatch struct {
	Images []float32 // [B,S,S,3]
	Labels []int32   // [B,A]
}

// drawLabelled draws pictures first … first+batch−1 of a split.
func drawLabelled(src labelled, size, first, batch int) labelledBatch {
	area, attributes := size*size*3, len(dataset.AttributeClasses)
	b := labelledBatch{Images: make([]float32, batch*area), Labels: make([]int32, batch*attributes)}
	inParallel(batch, func(i int) {
		scene, _, _ := src.Scene(first + i)
		copy(b.Images[i*area:], scene.Draw(size).Pix)
		for j, class := range scene.Attributes() {
			b.Labels[i*attributes+j] = int32(class)
		}
	})
	return b
}

// firstIndex is the first index of a purpose's stream of samples.
func firstIndex(seed int64, purpose string) int { return int(rng.New(seed, purpose, 0).Uint64() >> 16) }

func inParallel(n int, do func(i int)) {
	workers := min(runtime.NumCPU(), n)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wait.Wait()
}
