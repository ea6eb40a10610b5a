package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeldoutPart(t *testing.T) {
	for name, want := range map[string]bool{
		"test": true, "val": true, "valid": true, "validation": true, "heldout": true, "test-00000": true, "val_3": true, "Test": true,
		"test00": true, "val2017": true, "validation.a": true,
		"train": false, "": false, "testing": false, "value": false, "my-test": false, "train-test": false, "tests": false, "test-1/more": false,
	} {
		if got := heldoutPart.MatchString(name); got != want {
			t.Errorf("%q held out = %v, want %v", name, got, want)
		}
	}
}

func namedEntries(n int) (entries []entry) {
	for i := range n {
		entries = append(entries, entry{Listed: Listed{Name: fmt.Sprintf("%05d.png", i)}})
	}
	return entries
}

func TestSplitHoldsOutATenthByName(t *testing.T) {
	entries := namedEntries(10_000)
	heldout, named, err := split(entries)
	if err != nil || named {
		t.Fatal(err, named)
	}
	n := 0
	for _, h := range heldout {
		if h {
			n++
		}
	}
	if n < 910 || n > 1090 { // 1000 ± 3 σ
		t.Errorf("held out = %d of 10000, want a tenth", n)
	}

	// Half of the pictures in another order fall on the same sides, but for the two that keep either side from being empty.
	half := slices.Clone(entries[:5000])
	slices.Reverse(half)
	again, _, err := split(half)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(again)
	moved := 0
	for i, h := range again {
		if h != heldout[i] {
			moved++
		}
	}
	if moved > 2 {
		t.Errorf("moved = %d pictures, want ≤ 2", moved)
	}
}

func TestSplitLeavesNoSideEmpty(t *testing.T) {
	for n := 2; n < 40; n++ {
		heldout, _, err := split(namedEntries(n))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(heldout, true) || !slices.Contains(heldout, false) {
			t.Errorf("%d pictures: held out = %v, want some on both sides", n, heldout)
		}
	}
	for n, want := range []string{"usable pictures = 0", "usable pictures = 1"} {
		if _, _, err := split(namedEntries(n)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}

func TestSplitFollowsTheNamesOfTheSet(t *testing.T) {
	merge := func(all ...map[string]string) map[string]string {
		files := map[string]string{}
		for _, m := range all {
			for name, data := range m {
				files[name] = data
			}
		}
		return files
	}
	png := string(encodePNG(t, halves(4, 4, red, blue)))
	for _, c := range []struct {
		name           string
		files          map[string]string
		train, heldout int
		warns          bool
	}{
		{"folders with metadata", merge(numbered(t, 7, "train"), numbered(t, 3, "test")), 7, 3, false},
		{"validation and test are both held out", merge(numbered(t, 7, "train"), numbered(t, 3, "test"), numbered(t, 2, "val")), 7, 5, false},
		{"folders with shards", map[string]string{
			"train/0.tar": numberedShard(t, 4, ""), "train/1.tar": numberedShard(t, 4, ""), "validation/0.tar": numberedShard(t, 2, "")}, 8, 2, false},
		{"one metadata for all folders", map[string]string{"train/a.png": png, "train/b.png": png, "test/a.png": png,
			metadataName: `{"file_name": "train/a.png", "text": "a"}` + "\n" + `{"file_name": "train/b.png", "text": "b"}` + "\n" +
				`{"file_name": "test/a.png", "text": "c"}`}, 2, 1, false},
		{"folders below another", merge(numbered(t, 7, "images/train"), numbered(t, 3, "images/test")), 7, 3, false},
		{"a training folder alone is split by hash", numbered(t, 40, "train"), 34, 6, false},
		{"a test folder alone too, with a warning", numbered(t, 40, "test"), 32, 8, true},
		{"so is one below another", numbered(t, 40, "images/test"), 36, 4, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w warnings
			d, err := Open(writeFolder(t, c.files), 4, w.warn)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]int{c.train, c.heldout}, []int{d.Train().Len(), d.Heldout().Len()}); diff != "" {
				t.Errorf("train and held out (-want +got):\n%s", diff)
			}
			if len(w) > 0 != c.warns {
				t.Errorf("warnings = %q, want some: %v", w, c.warns)
			}
		})
	}
}

// Any first of the held-out pictures are of all folders, and copies of a picture count once.
func TestHeldoutPicturesOfASortedSetAreMixed(t *testing.T) {
	png := string(encodePNG(t, halves(4, 4, red, blue)))
	files := map[string]string{"train/0.png": png, "train/0.txt": "none"}
	for i := range 200 {
		name := fmt.Sprintf("test/%s/%03d", []string{"cat", "dog"}[i/100], i)
		files[name+".png"], files[name+".txt"] = png, name[5:8]
	}
	d, err := Open(writeFolder(t, files), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	cats := 0
	for _, caption := range captions(t, d.Heldout())[:100] {
		if caption == "cat" {
			cats++
		}
	}
	if cats < 40 || cats > 60 { // 50 ± 3 σ
		t.Errorf("cats = %d of the first half, want about 50 of 100", cats)
	}

	dir := t.TempDir()
	writeTable(t, filepath.Join(dir, "train.parquet"), []string{png})
	writeTable(t, filepath.Join(dir, "test.parquet"), []string{png + "1", png + "1", png + "2", png + "1"})
	if d, err = Open(dir, 4, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"row 0", "row 2"}, slices.Sorted(slices.Values(captions(t, d.Heldout())))); diff != "" {
		t.Errorf("captions of rows, some of equal pictures (-want +got):\n%s", diff)
	}
}

func TestSampleRefusesIndicesOutside(t *testing.T) {
	d, err := Open(writeFolder(t, numbered(t, 12, "")), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, d.Train().Len()} {
		if _, err := d.Train().Sample(i); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("sample = %d, want 0 …", i)) {
			t.Errorf("error = %v, want the index named", err)
		}
		if _, err := Caption(d.Train(), i); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("sample = %d, want 0 …", i)) {
			t.Errorf("caption: error = %v, want the index named", err)
		}
	}
}

// Captions are known without their pictures, and each comes once.
func TestCaptionsAreReadWithoutPictures(t *testing.T) {
	unread := part{of: &pictures{}, index: []int32{2, 0, 1, 0}}
	for i, caption := range []string{"a fox", "a dog", "a fox"} {
		unread.of.entries = append(unread.of.entries, entry{Listed: Listed{Name: fmt.Sprint(i), Read: func() ([]byte, error) { return nil, fmt.Errorf("read") }}, caption: caption})
	}
	got, err := Captions(unread)
	if diff := cmp.Diff([]string{"a fox", "a dog"}, got); diff != "" || err != nil {
		t.Errorf("captions (-want +got), %v:\n%s", err, diff)
	}
	if _, err := Captions(struct{ Source }{unread}); err == nil || !strings.Contains(err.Error(), "read") {
		t.Errorf("error = %v, want that of a picture, which other sources need", err)
	}
}
