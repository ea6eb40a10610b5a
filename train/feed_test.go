package train

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
)

// numbers is an endless source of one-pixel pictures; sample number bad does not exist.
type numbers struct{ bad int }

func (numbers) Len() int { return math.MaxInt }

func (n numbers) Sample(i int) (dataset.Sample, error) {
	if i == n.bad {
		return dataset.Sample{}, errCrash
	}
	v := float32(i % 1000)
	return dataset.Sample{Image: dataset.Image{Size: 1, Pix: []float32{v, v, v}}, Caption: "a pixel"}, nil
}

func TestFeedGivesTheBatchOfEachStep(t *testing.T) {
	newLoader := func() *dataset.Loader { return dataset.NewLoader(numbers{bad: -1}, 3, 1, "test") }
	feed, loader := NewFeed(newLoader()), newLoader()
	for _, step := range []int{1, 2, 3, 4, 5, 6, 7, 3, 4, 100, 0, 1, 1, 2} { // on, back, far ahead, twice the same
		want, err := loader.Batch(step)
		if err != nil {
			t.Fatal(err)
		}
		got, err := feed.Batch(step)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("step %d (-want +got):\n%s", step, diff)
		}
	}
	// The loader refuses it; it must not be taken for the place of a feed that has not begun.
	if _, err := NewFeed(newLoader()).Batch(-1); err == nil || !strings.Contains(err.Error(), "step = -1") {
		t.Errorf("error %v, want that of the loader for step -1", err)
	}
}

func TestFeedHandsOverErrors(t *testing.T) {
	first, err := dataset.NewLoader(numbers{bad: -1}, 3, 1, "test").Batch(2)
	if err != nil {
		t.Fatal(err)
	}
	feed := NewFeed(dataset.NewLoader(numbers{bad: first.Indices[1]}, 3, 1, "test"))
	for step, want := range []string{"", "", errCrash.Error(), ""} {
		_, err := feed.Batch(step)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("step %d: error %v, want %q", step, err, want)
		}
		if step == 2 && !errors.Is(err, errCrash) {
			t.Errorf("step %d: error %v, want the source's own", step, err)
		}
	}
}

func TestADroppedBatchKeepsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		feed := NewFeed(dataset.NewLoader(numbers{bad: -1}, 3, 1, "test"))
		for _, step := range []int{1, 2, 50} { // a jump drops the batch that was drawn ahead
			if _, err := feed.Batch(step); err != nil {
				t.Fatal(err)
			}
		}
	}
	for wait := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(wait) {
			t.Fatalf("%d goroutines, want %d as before", runtime.NumGoroutine(), before)
		}
	}
}
