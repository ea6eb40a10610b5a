package lessons

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/dataset"
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
	warn := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
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
	e, err := l.Engine()
	if err != nil {
		return err
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
		Dir: dir, Runs: filepath.Join(l.Runs, "parts"), Config: cfg, Data: l.Data, Engine: e, Command: "notebooks/07_your_data.ipynb", Out: live,
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
