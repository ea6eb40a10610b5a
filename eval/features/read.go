package features

import (
	"context"
	"runtime"
	"sync"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
)

// What is read ahead at once: pictures, and bytes of them decoded.
const (
	windowPictures = 128
	windowBytes    = 256 << 20
)

// known is a usable picture of the set.
type known struct {
	index   int
	content pictures.Content // without its bytes
}

// miss is a picture that the cache lacks.
type miss struct {
	hash pictures.Hash
	name string
	rgb  extractor.RGB
}

// window is some pictures of a set, read and, where the cache lacks them, decoded.
type window struct {
	known  []known
	misses []miss
	faults []dataset.Fault
	bytes  int
}

// read sends windows until want pictures turned out usable or the order ends. has tells what the cache held before; it is asked from
// several goroutines.
func read(ctx context.Context, items []pictures.Item, order []int, want int, has func(pictures.Hash) bool) <-chan window {
	windows := make(chan window)
	go func() {
		defer close(windows)
		for at := 0; want > 0 && at < len(order) && ctx.Err() == nil; {
			var w window
			for want > len(w.known) && at < len(order) && len(w.known) < windowPictures && w.bytes < windowBytes {
				group := order[at:min(at+runtime.GOMAXPROCS(0), at+want-len(w.known), len(order))]
				w.add(items, group, has)
				at += len(group)
			}
			want -= len(w.known)
			select {
			case windows <- w:
			case <-ctx.Done():
			}
		}
	}()
	return windows
}

// add reads a group of pictures side by side.
func (w *window) add(items []pictures.Item, group []int, has func(pictures.Hash) bool) {
	type result struct {
		content pictures.Content
		rgb     *extractor.RGB
		err     error
	}
	results := make([]result, len(group))
	var wait sync.WaitGroup
	for i, index := range group {
		wait.Go(func() {
			r := &results[i]
			if r.content, r.err = items[index].Read(); r.err != nil || has(r.content.Hash) {
				return
			}
			var rgb extractor.RGB
			if rgb, r.err = r.content.Decode(); r.err == nil {
				r.rgb = &rgb
			}
		})
	}
	wait.Wait()
	for i, index := range group {
		r, name := results[i], items[index].Name
		if r.err != nil {
			w.faults = append(w.faults, dataset.Fault{Name: name, Kind: dataset.Broken, Err: r.err})
			continue
		}
		r.content.Decode = nil // lets its bytes go
		w.known = append(w.known, known{index, r.content})
		if r.rgb != nil {
			w.misses = append(w.misses, miss{r.content.Hash, name, *r.rgb})
			w.bytes += len(r.rgb.Pix)
		}
	}
}
