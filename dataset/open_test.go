package dataset

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOpenTellsWhatItWants(t *testing.T) {
	broken := func(n, bad int) map[string]string {
		files := numbered(t, n, "")
		for i := range bad {
			files[fmt.Sprintf("%03d.png", i)] = "no picture"
		}
		return files
	}
	missing := broken(100, 2)
	delete(missing, "050.png")
	folders := map[string]map[string]string{
		"one line too short":   {metadataName: `{"file_name": "a.png"}`},
		"no captions":          {"a.png": "", "b.jpg": ""},
		"train has none":       {"train/a.png": ""},
		"three of a hundred":   missing,
		"two of two":           broken(2, 2),
		"one picture":          numbered(t, 1, ""),
		"none to caption":      {metadataName: `{"file_name": "a.png", "text": ""}`, "a.png": ""},
		"pictures are folders": {metadataName: `{"file_name": "a", "text": "a"}`, "a/b": ""},
	}
	for name, want := range map[string]string{
		"one line too short":   metadataName + `:1: no text (keys: file_name), want lines {"file_name": …, "text": …}`,
		"no captions":          `captions missing: pictures = 2, none captioned, want metadata.jsonl with lines`,
		"train has none":       `captions missing: pictures = 1, none captioned`,
		"three of a hundred":   `3 of 100 pictures cannot be used (2 broken, 1 missing), want ≤ 2: 000.png: broken: picture format not known`,
		"two of two":           `2 of 2 pictures cannot be used (2 broken)`,
		"one picture":          `usable pictures = 1, want ≥ 2 of different names`,
		"none to caption":      `(1 without caption)`,
		"pictures are folders": `a: broken: not a regular file`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(writeFolder(t, folders[name]), 4, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error = %v\nwant %q", err, want)
			}
		})
	}

	builtin["testing-only"] = func(_ context.Context, size int, _ func(string, ...any)) (Dataset, error) {
		return nil, fmt.Errorf("size %d", size)
	}
	defer delete(builtin, "testing-only")
	if !slices.Contains(Names(), "testing-only") || !slices.IsSorted(Names()) {
		t.Errorf("names = %q, want the registered one, sorted", Names())
	}
	if _, err := Open("testing-only", 4, nil); err == nil || err.Error() != "size 4" {
		t.Errorf("error = %v, want that of the registered set", err)
	}
	for _, want := range []string{`"nowhere" (no such file or folder)`, "testing-only", "folder of pictures", "*.tar"} {
		if _, err := Open("nowhere", 4, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
	if _, err := Open("testing-only", 4096, nil); err == nil || !strings.Contains(err.Error(), "size = 4096, want 1 … 1024") {
		t.Errorf("error = %v, want the size named", err)
	}
}

func TestOpenSkipsFewBrokenPicturesAndNamesThem(t *testing.T) {
	files := numbered(t, 100, "")
	files["031.png"] = files["031.png"][:40]
	delete(files, "077.png")
	var w warnings
	d, err := Open(writeFolder(t, files), 4, w.warn)
	if err != nil {
		t.Fatal(err)
	}
	all := append(captions(t, d.Train()), captions(t, d.Heldout())...)
	if len(all) != 98 || slices.Contains(all, "picture 31") || slices.Contains(all, "picture 77") {
		t.Errorf("samples = %d: %q, want 98 without 31 and 77", len(all), all)
	}
	for i, want := range []string{"skipped 031.png: broken: PNG:", "skipped 077.png: missing: metadata.jsonl names \"077.png\", pictures here are called such as \"000.png\"", "2 of 100 pictures cannot be used (1 broken, 1 missing)"} {
		if len(w) != 3 || !strings.Contains(w[i], want) {
			t.Errorf("warnings = %q, want %q", w, want)
		}
	}
}

func TestOpenFollowsLinksToFolders(t *testing.T) {
	plain := numbered(t, 12, "train")
	for name, data := range numbered(t, 3, "test") {
		plain[name] = data
	}
	want, err := Open(writeFolder(t, plain), 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, linked := range [][]string{{"train"}, {"test"}, {"train", "test"}} {
		dir, elsewhere := writeFolder(t, plain), t.TempDir()
		for _, name := range linked {
			if err := os.Rename(filepath.Join(dir, name), filepath.Join(elsewhere, name)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(elsewhere, name), filepath.Join(dir, name)); err != nil {
				t.Skip("no symbolic links here:", err)
			}
		}
		got, err := Open(dir, 4, nil)
		if err != nil {
			t.Errorf("%q linked: %v", linked, err)
			continue
		}
		if got.Train().Len() != 12 || got.Heldout().Len() != 3 || got.Hash() != want.Hash() {
			t.Errorf("%q linked: pictures = %d + %d, want 12 + 3 and the same hash", linked, got.Train().Len(), got.Heldout().Len())
		}
	}

	dir := writeFolder(t, numbered(t, 3, "test"))
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "train")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if _, err := Open(dir, 4, nil); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "train")) {
		t.Errorf("error = %v, want the link to nowhere named", err)
	}
}

func TestHashKnowsTheContentAndNothingElse(t *testing.T) {
	open := func(files map[string]string, size int) Dataset {
		t.Helper()
		d, err := Open(writeFolder(t, files), size, nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := open(numbered(t, 12, ""), 4)
	if len(base.Hash()) != 16 {
		t.Errorf("hash = %q, want 16 digits", base.Hash())
	}
	reversed := numbered(t, 12, "")
	lines := strings.Split(strings.TrimSpace(reversed[metadataName]), "\n")
	slices.Reverse(lines)
	reversed[metadataName] = strings.Join(lines, "\n\n")
	reversed["unlisted.png"] = "ignored"
	same := open(reversed, 4)
	if same.Hash() != base.Hash() {
		t.Error("hash depends on the order of lines")
	}
	if diff := cmp.Diff(captions(t, base.Train()), captions(t, same.Train())); diff != "" {
		t.Errorf("equal hashes, but captions (-want +got):\n%s", diff)
	}

	for name, edit := range map[string]func(files map[string]string){
		"a caption": func(f map[string]string) {
			f[metadataName] = strings.Replace(f[metadataName], "picture 7", "image 7", 1)
		},
		"a picture": func(f map[string]string) { f["007.png"] = string(encodePNG(t, halves(4, 4, blue, blue))) },
		"a name": func(f map[string]string) {
			f[metadataName] = strings.Replace(f[metadataName], "007.png", "new.png", 1)
			f["new.png"] = f["007.png"]
		},
		"one picture less": func(f map[string]string) { f[metadataName] = f[metadataName][:strings.LastIndex(f[metadataName], "{")] },
	} {
		files := numbered(t, 12, "")
		edit(files)
		if open(files, 4).Hash() == base.Hash() {
			t.Errorf("%s changes, the hash does not", name)
		}
	}
	if open(numbered(t, 12, ""), 8).Hash() == base.Hash() {
		t.Error("the size changes, the hash does not")
	}
}

func TestLargeSetsAreDecodedWhenAskedFor(t *testing.T) {
	for name, dir := range map[string]string{
		"folder": writeFolder(t, numbered(t, 30, "")), "shard": writeFolder(t, map[string]string{"a.tar": numberedShard(t, 30, "")}),
	} {
		l, err := list(t, dir, false)
		if err != nil {
			t.Fatal(err)
		}
		entries, faults, _ := captioned(l)
		var w warnings
		small, err := load(t.Context(), entries, faults, name, 4, residentBytes, w.warn)
		if err != nil || len(w) > 0 {
			t.Fatal(err, w)
		}
		large, err := load(t.Context(), entries, faults, name, 4, 30*4*4*3-1, w.warn)
		if err != nil || large.pix != nil || len(w) != 1 || !strings.Contains(w[0], "30 pictures of 4×4") {
			t.Fatalf("error = %v, warnings = %q, want one that names the size", err, w)
		}
		for i := range small.Train().Len() {
			a, errA := small.Train().Sample(i)
			b, errB := large.Train().Sample(i)
			if diff := cmp.Diff(a, b); diff != "" || errA != nil || errB != nil {
				t.Errorf("%s: errors = %v, %v, sample %d (-resident +decoded):\n%s", name, errA, errB, i, diff)
			}
		}
		if small.Hash() != large.Hash() {
			t.Errorf("%s: the hash depends on where pictures are kept", name)
		}
	}
}

// openReal opens one of the real sets that lie beside the project.
func openReal(t *testing.T, name string) (Dataset, warnings) {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "data", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skip("real pictures are not here:", err)
	}
	var w warnings
	start := time.Now()
	d, err := Open(dir, 32, w.warn)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d + %d pictures in %v, hash %s", d.Name(), d.Train().Len(), d.Heldout().Len(), time.Since(start).Round(time.Millisecond), d.Hash())
	return d, w
}

func TestRealEmoji(t *testing.T) {
	d, w := openReal(t, "noto-emoji-32")
	if n := d.Train().Len() + d.Heldout().Len(); n != 2242 {
		t.Errorf("pictures = %d, want 2242", n)
	}
	// The combining keycap has no name.
	if len(w) != 2 || !strings.Contains(w[0], "emoji_u20e3.png: without caption") {
		t.Errorf("warnings = %q, want the one picture without caption", w)
	}
	if n := d.Heldout().Len(); math.Abs(float64(n)-224.3) > 3*math.Sqrt(224.3*.9) {
		t.Errorf("held out = %d, want about a tenth", n)
	}
	// Emoji are drawn on nothing: corners are white.
	white := 0
	for i := range d.Train().Len() {
		s, err := d.Train().Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		if s.Image.Pix[0] == 1 && s.Image.Pix[1] == 1 && s.Image.Pix[2] == 1 {
			white++
		}
	}
	if n := d.Train().Len(); white < n*8/10 {
		t.Errorf("white corners = %d of %d, want most", white, n)
	}
}

func TestRealCIFAR(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 22,500 pictures")
	}
	d, w := openReal(t, "cifar10-webdataset")
	if len(w) > 0 {
		t.Errorf("warnings = %q, want none", w)
	}
	if diff := cmp.Diff([]int{20000, 2500}, []int{d.Train().Len(), d.Heldout().Len()}); diff != "" {
		t.Errorf("pictures (-want +got):\n%s", diff)
	}
	seen := map[string]int{}
	for _, c := range captions(t, d.Heldout()) {
		seen[c]++
	}
	if len(seen) != 10 || seen["a photo of a cat"] == 0 {
		t.Errorf("captions = %v, want ten classes with a cat", seen)
	}
}
