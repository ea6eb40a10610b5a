package tokenizer

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vocabularyEnv names a folder with CLIP's whole vocabulary, for those who have it.
const vocabularyEnv = "ADDLAB_CLIP_VOCABULARY"

type clipGolden struct {
	Captions []struct {
		Text string
		IDs  []int32
	}
	Ranks  []int
	Merges string
}

// readGolden is what testdata/clip.py wrote; it names the versions.
func readGolden(t testing.TB) (g clipGolden) {
	t.Helper()
	b, err := os.ReadFile("testdata/clip.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// vocabulary is CLIP's, with pairs that no caption has in place of the merges that testdata/clip.json leaves out.
func (g clipGolden) vocabulary() string {
	lines := make([]string, clipMerges)
	for i := range lines {
		lines[i] = fmt.Sprintf("%dx %dy", i, i)
	}
	for i, m := range strings.Split(g.Merges, "\n") {
		lines[g.Ranks[i]] = m
	}
	return "#version: 0.2\n" + strings.Join(lines, "\n") + "\n"
}

func goldenCLIP(t testing.TB, g clipGolden) *CLIP {
	t.Helper()
	merges, err := readMerges(strings.NewReader(g.vocabulary()))
	if err != nil {
		t.Fatal(err)
	}
	return newCLIP(merges)
}

func (g clipGolden) check(t *testing.T, clip *CLIP) {
	t.Helper()
	if len(g.Captions) < 200 {
		t.Fatalf("%d captions, want some hundred", len(g.Captions))
	}
	for _, c := range g.Captions {
		want := append(slices.Clone(c.IDs), make([]int32, CLIPContext-len(c.IDs))...)
		if diff := cmp.Diff(want, clip.Encode(c.Text)); diff != "" {
			t.Errorf("%q (-open_clip +ours):\n%.600s", c.Text, diff)
		}
	}
}

func TestIDsEqualOpenCLIP(t *testing.T) {
	g := readGolden(t)
	g.check(t, goldenCLIP(t, g))
}

func TestIDsEqualOpenCLIPWithTheWholeVocabulary(t *testing.T) {
	dir := os.Getenv(vocabularyEnv)
	if dir == "" {
		t.Skipf("%s is not set: want a folder with CLIP's vocabulary", vocabularyEnv)
	}
	clip, err := FindCLIP(dir)
	if err != nil {
		t.Fatal(err)
	}
	readGolden(t).check(t, clip)
}

func TestVocabularyIsFoundPackedOrNot(t *testing.T) {
	g := readGolden(t)
	want := goldenCLIP(t, g).EncodeAll([]string{"a photo", ""})
	plain, packed := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(plain, "merges.txt"), []byte(g.vocabulary()), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(packed, "bpe_simple_vocab_16e6.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	// OpenAI's file goes on after the merges that count.
	if _, err := z.Write([]byte("\"bpe_simple_vocab_16e6.txt" + g.vocabulary() + "a b\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{plain, packed} {
		clip, err := FindCLIP(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, clip.EncodeAll([]string{"a photo", ""})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
	}
}

func TestBrokenVocabulariesAreErrors(t *testing.T) {
	whole := readGolden(t).vocabulary()
	for want, text := range map[string]string{
		"first line":    "a b\n",
		"first line = ": "",
		"want two":      "#version: 0.2\na b\nc\n",
		"2 merges":      "#version: 0.2\na b\nc d\n",
		"48893 merges":  whole[:strings.LastIndex(strings.TrimSpace(whole), "\n")],
		"line 2 = ":     "#version: 0.2\n" + strings.Repeat("long ", 1000),
	} {
		if _, err := readMerges(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: error %v, want %q", text, err, want)
		}
	}
	_, err := FindCLIP(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "merges.txt") {
		t.Errorf("error %v, want the names looked for", err)
	}
}

// FuzzCLIP wants every text to give CLIPContext ids that begin and end as they must.
func FuzzCLIP(f *testing.F) {
	g := readGolden(f)
	clip := goldenCLIP(f, g)
	for _, c := range g.Captions {
		f.Add(c.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ids := clip.Encode(text)
		if len(ids) != CLIPContext || ids[0] != CLIPBegin || !slices.Contains(ids, CLIPEnd) {
			t.Errorf("%q: ids = %v", text, ids)
		}
		for _, id := range ids {
			if id < 0 || id > CLIPEnd {
				t.Errorf("%q: id %d", text, id)
			}
		}
	})
}
