package pretrain

import (
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/record"
)

func hashOf(t testing.TB, config any) string {
	t.Helper()
	hash, err := record.Hash(config)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// The runs that the shipped bundles name are those of the preset and of the bundles' own configs: no change of the code may rename them.
func TestNamesOfShippedRuns(t *testing.T) {
	for _, name := range []string{"scenes", "scenes-free"} {
		dir := filepath.Join("..", "pretrained", name)
		b, err := LoadBundle(dir)
		if err != nil {
			t.Fatal(err)
		}
		preset, err := DefaultConfig("cpu")
		if err != nil {
			t.Fatal(err)
		}
		data, err := dataset.Open(name, preset.Size, nil)
		if err != nil {
			t.Fatal(err)
		}
		provenance := readManifest(t, dir).Provenance
		for from, cfg := range map[string]Config{"the preset": preset, "the bundle's config": b.Config} {
			c := &Trainer{Config: cfg, Data: data}
			if err := c.Prepare(); err != nil {
				t.Fatal(err)
			}
			for _, part := range Parts {
				start := ""
				if part == "teacher" {
					start = provenance["text"].Run
				}
				p, err := c.PartConfig(part, start)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := hashOf(t, p), provenance[part].Run; got != want {
					t.Errorf("%s: %s of %s is the run %s, want %s", name, part, from, got, want)
				}
			}
		}
		all, err := DefaultVariants("cpu", b.Config)
		if err != nil {
			t.Fatal(err)
		}
		c := &Trainer{Config: b.Config, Data: data, Words: b.Words, PairWords: b.PairWords}
		for _, v := range all {
			if !b.Has(v.Name) {
				continue
			}
			var m variantManifest
			if err := record.ReadJSON(filepath.Join(dir, variantsDir, v.Name+".json"), &m); err != nil {
				t.Fatal(err)
			}
			p, err := c.variantConfig(v, b.Files["text"])
			if err != nil {
				t.Fatal(err)
			}
			if got, want := hashOf(t, p), m.Provenance.Run; got != want {
				t.Errorf("%s: %s is the run %s, want %s", name, v.Name, got, want)
			}
		}
	}
}

// Two negative captions with as many words that the captions lack give other encoders other names, and so the teacher that starts from one.
func TestNegativeCaptionNamesEncoders(t *testing.T) {
	names := func(negative string) map[string]string {
		t.Helper()
		c := &Trainer{Config: tinyConfig(1), Data: tinyworld.Album(64)}
		c.Config.NegativeCaption = negative
		if err := c.Prepare(); err != nil {
			t.Fatal(err)
		}
		by := map[string]string{}
		for _, part := range []string{"text", "pair", "features"} {
			p, err := c.PartConfig(part, "")
			if err != nil {
				t.Fatal(err)
			}
			if usual := negative == negativeCaption; part != "features" && usual != (p.Words == "") {
				t.Errorf("%q: words of %s = %q", negative, part, p.Words)
			}
			by[part] = hashOf(t, p)
		}
		return by
	}
	usual, noisy, grainy := names(negativeCaption), names("a noisy photo"), names("a grainy photo")
	for _, part := range []string{"text", "pair"} {
		if noisy[part] == grainy[part] || noisy[part] == usual[part] {
			t.Errorf("%s: usual %s, noisy %s, grainy %s, want three names", part, usual[part], noisy[part], grainy[part])
		}
	}
	if noisy["features"] != usual["features"] {
		t.Error("features, which read no captions, have another name")
	}
}
