package lessons

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/notebooks/show"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report/plot"
)

// OpenFolder opens a folder of one's own pictures: an image folder with metadata.jsonl, or WebDataset shards. Networks for it are trained
// by Pretrain, or found where Pretrain has left them.
func OpenFolder(scale, engine, dir string) *Lab {
	return show.Must(openFolder(scale, engine, dir))
}

func openFolder(scale, engine, dir string) (*Lab, error) {
	l, err := prepare(scale, engine)
	if err != nil {
		return nil, err
	}
	cfg, err := l.PretrainConfig()
	if err != nil {
		return nil, err
	}
	if l.Data, err = dataset.Open(dir, cfg.Size, warn); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(l.bundleDir(cfg), "bundle.json")); err == nil {
		l.Bundle, err = pretrain.LoadBundle(l.bundleDir(cfg))
		return l, err
	}
	return l, nil
}

// PretrainConfig is what networks for a small folder are trained by: the architectures of the smoke scale, which suffice for simple
// pictures, for as many steps as a notebook has time for. The gpu scale has its own.
func (l *Lab) PretrainConfig() (pretrain.Config, error) {
	if l.Scale == "gpu" {
		return pretrain.DefaultConfig(l.Scale)
	}
	cfg, err := pretrain.DefaultConfig("smoke")
	if l.Scale == "smoke" || err != nil {
		return cfg, err
	}
	for t, steps := range map[*pretrain.Training]int{&cfg.TextTraining: 200, &cfg.FeaturesTraining: 200, &cfg.PairTraining: 200, &cfg.TeacherTraining: 600} {
		t.Steps, t.Batch, t.Rate.Peak, t.Rate.Warmup = steps, 32, 2e-3, steps/10
	}
	cfg.EMA = 0.99
	return cfg, nil
}

// bundleDir names the networks of data and config.
func (l *Lab) bundleDir(cfg pretrain.Config) string {
	hash, err := record.Hash(struct {
		Data   string
		Config pretrain.Config
	}{l.Data.Hash(), cfg})
	show.Check(err) // plain numbers and names always have one
	return filepath.Join(l.Runs, "pretrained", hash)
}

// Pretrain trains teacher, text encoder, features and judges on the lab's pictures, or finds them trained.
func (l *Lab) Pretrain() error {
	if l.Bundle != nil {
		return nil
	}
	cfg, err := l.PretrainConfig()
	if err != nil {
		return err
	}
	dir := l.bundleDir(cfg)
	cfg.Data = l.Data.Name()
	live := show.NewLive()
	defer live.Close()
	l.Bundle, err = pretrain.Ensure(l.ctx, pretrain.Options{
		Dir: dir, Runs: filepath.Join(l.Runs, "parts"), Config: cfg, Data: l.Data, Engine: l.Engine(), Command: "notebooks/07_your_data.ipynb", Out: live,
	})
	return err
}

// TeacherLoss plots the loss of the teacher that belongs to the lab's networks.
func (l *Lab) TeacherLoss() (plot.Curves, error) {
	var m struct {
		Provenance map[string]pretrain.Provenance `json:"provenance"`
	}
	if err := record.ReadJSON(filepath.Join(l.Bundle.Dir, "bundle.json"), &m); err != nil {
		return plot.Curves{}, err
	}
	run := filepath.Join(l.Runs, "parts", m.Provenance["teacher"].Run)
	c, err := Curves(run, "The teacher learns", "loss", []string{"loss"}, "teacher")
	c.LogY = true
	return c, err
}

// flagColours are what the stripes of flags are dyed with.
var flagColours = []struct {
	name string
	rgb  [3]float64
}{
	{"red", [3]float64{206, 17, 38}}, {"white", [3]float64{244, 245, 240}}, {"blue", [3]float64{0, 57, 166}},
	{"green", [3]float64{0, 122, 61}}, {"yellow", [3]float64{252, 209, 22}}, {"black", [3]float64{16, 16, 16}},
}

// Flags fills a folder with n captioned pictures of flags with three stripes, in the layout that training takes: PNG files and a
// metadata.jsonl. A folder that has one is left as it is.
func Flags(dir string, n int) error {
	list := filepath.Join(dir, "metadata.jsonl")
	if _, err := os.Stat(list); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var lines, picture bytes.Buffer
	for i := range n {
		flag, caption := flag(i)
		name := fmt.Sprintf("flag-%04d.png", i)
		picture.Reset()
		if err := png.Encode(&picture, flag); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), picture.Bytes(), 0o666); err != nil {
			return err
		}
		if err := json.NewEncoder(&lines).Encode(map[string]string{"file_name": name, "text": caption}); err != nil {
			return err
		}
	}
	return os.WriteFile(list, lines.Bytes(), 0o666) // last: a folder without it is not finished
}

// flag draws picture i: 48×48 pixels, resized when they are read as anybody's would be.
func flag(i int) (image.Image, string) {
	const side = 48
	r := rng.New(1, "notebook/flags", i)
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	upright, kind := r.IntN(2) == 0, "horizontal"
	if upright {
		kind = "vertical"
	}
	edges := [4]int{0, side/3 + r.IntN(9) - 4, 2*side/3 + r.IntN(9) - 4, side} // no two weavers cut alike
	faded := 0.8 + 0.2*r.Float64()
	var names [3]string
	for k, c := range r.Perm(len(flagColours))[:3] {
		stripe := image.Rect(0, edges[k], side, edges[k+1])
		if upright {
			stripe = image.Rect(edges[k], 0, edges[k+1], side)
		}
		rgb := flagColours[c].rgb
		dye := color.RGBA{R: uint8(faded * rgb[0]), G: uint8(faded * rgb[1]), B: uint8(faded * rgb[2]), A: 0xff}
		draw.Draw(img, stripe, image.NewUniform(dye), image.Point{}, draw.Src)
		names[k] = flagColours[c].name
	}
	return img, fmt.Sprintf("a flag of %s stripes: %s, %s and %s", kind, names[0], names[1], names[2])
}
