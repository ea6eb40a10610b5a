package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
)

// plain is a picture of one colour.
func plain(t *testing.T, size int, r, g, b uint8) []byte {
	t.Helper()
	rgb := extractor.RGB{Width: size, Height: size}
	for range size * size {
		rgb.Pix = append(rgb.Pix, r, g, b)
	}
	png, err := encode(rgb)
	if err != nil {
		t.Fatal(err)
	}
	return png
}

// colours makes a study of methods that draw each caption in a shade of their own colour.
func colours(t *testing.T, methods, captions, perVoter int, forced bool) study {
	t.Helper()
	var texts []string
	var all []method
	for i := range captions {
		texts = append(texts, fmt.Sprintf("caption %d", i))
	}
	for m := range methods {
		one := method{name: fmt.Sprintf("secret-%c", 'a'+m)}
		for i := range captions {
			one.pictures = append(one.pictures, plain(t, 8, uint8(40*m), uint8(i), 200))
		}
		all = append(all, one)
	}
	s, err := newStudy(all, texts, 7, perVoter, forced)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// sample is a vote of study "s".
func sample(voter string, pair int) vote {
	return vote{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Study: "s", Voter: voter, Pair: pair, Caption: "a “ring”", Left: "a", Right: "b",
		Looks: left, Fits: none, Seconds: 2.5,
	}
}

// scenesStudy compares real pictures of the built-in world with the same in grey.
func scenesStudy(t *testing.T) study {
	t.Helper()
	world := &dataset.Scenes{Config: dataset.DefaultScenes()}
	first, second := method{name: "first"}, method{name: "second"}
	var captions []string
	for i := range 7 {
		sample, err := world.Heldout().Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		rgb := drawn(sample.Image)
		grey := extractor.RGB{Width: rgb.Width, Height: rgb.Height}
		for k := 0; k < len(rgb.Pix); k += 3 {
			mean := uint8((int(rgb.Pix[k]) + int(rgb.Pix[k+1]) + int(rgb.Pix[k+2])) / 3)
			grey.Pix = append(grey.Pix, mean, mean, mean)
		}
		for m, picture := range map[*method]extractor.RGB{&first: rgb, &second: grey} {
			png, err := encode(picture)
			if err != nil {
				t.Fatal(err)
			}
			m.pictures = append(m.pictures, png)
		}
		captions = append(captions, sample.Caption)
	}
	s, err := newStudy([]method{first, second}, captions, 7, 60, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
