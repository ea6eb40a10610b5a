package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report/plot"
)

// picturesFile holds an evaluation's samples side by side at their own size; samplesFile shows samples to people.
const (
	picturesFile = "pictures.png"
	samplesFile  = "samples.png"
)

// writePictures keeps samples in eight bits per channel, so that grids can be put together later without any network.
func writePictures(dir string, p Pictures) error {
	if len(p.Images) == 0 {
		return nil
	}
	size := p.Images[0].Size
	strip := image.NewNRGBA(image.Rect(0, 0, size*len(p.Images), size))
	for i, m := range p.Images {
		if m.Size != size || len(m.Pix) != size*size*3 {
			return fmt.Errorf("sweep: sample %d has size %d and %d values, want %d and %d", i, m.Size, len(m.Pix), size, size*size*3)
		}
		for k := range size * size {
			strip.Set(i*size+k%size, k/size, plot.Pixel(m.Pix[3*k:]))
		}
	}
	return atomicfile.Write(filepath.Join(dir, picturesFile), func(w io.Writer) error { return png.Encode(w, strip) })
}

// readPictures reads what writePictures wrote; no file is no pictures.
func readPictures(run record.Saved) ([]dataset.Image, error) {
	b, err := run.File(picturesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	strip, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("sweep: %s, %s: %w", run, picturesFile, err)
	}
	size := strip.Bounds().Dy()
	images := make([]dataset.Image, strip.Bounds().Dx()/size)
	for i := range images {
		one := image.NewNRGBA(image.Rect(0, 0, size, size))
		draw.Draw(one, one.Bounds(), strip, image.Pt(i*size, 0), draw.Src)
		images[i] = dataset.Fit(one, size)
	}
	return images, nil
}

// Pack writes the finished runs in a folder as one file beside it, from which the same tables and pictures can be made.
func Pack(runs string) (path string, n int, err error) { return record.Pack(runs, picturesFile) }

func newGrid(captions []string, rows ...plot.GridRow) plot.Grid {
	size := 32
	for _, r := range rows {
		for _, m := range r.Images {
			size = max(size, m.Size)
		}
	}
	return plot.Grid{Columns: captions, Rows: rows, Scale: max(1, 128/size)}
}
