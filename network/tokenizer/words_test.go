package tokenizer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decode turns ids back into words, for the round trip.
func decode(t *testing.T, words *Words, ids []int32) string {
	t.Helper()
	end := slices.Index(ids, End)
	if ids[0] != Begin || end < 0 {
		t.Fatalf("ids = %v, want Begin … End", ids)
	}
	for _, id := range ids[end+1:] {
		if id != Pad {
			t.Fatalf("ids = %v, want nothing but padding after End", ids)
		}
	}
	var text []string
	for _, id := range ids[1:end] {
		if id == Unknown {
			text = append(text, "?")
		} else {
			text = append(text, words.Vocabulary[id-firstWord])
		}
	}
	return strings.Join(text, " ")
}

func TestEncode(t *testing.T) {
	words := Build([]string{"a red circle on a black background", "a small blue star", "Чёрный квадрат 12", "日本"}, 100, 8)
	for _, test := range []struct{ why, caption, want string }{
		{"known words come back", "a small red star", "a small red star"},
		{"words that were never seen", "a crimson star", "a ? star"},
		{"nothing known", "zebra", "?"},
		{"no words", "", ""},
		{"marks only", " ,.!—\t\n", ""},
		{"case does not matter", "A RED Star", "a red star"},
		{"marks separate words", "red,circle... (blue/star)", "red circle blue star"},
		{"letters of other scripts", "ЧЁРНЫЙ квадрат", "чёрный квадрат"},
		{"digits are words", "12 квадрат", "12 квадрат"},
		{"scripts without spaces are one word", "日本", "日本"},
		{"an apostrophe separates", "star's", "star ?"},
		{"bytes that are not UTF-8", "red\xff\xfestar", "red star"},
		{"as long as the context", "a red circle on a black", "a red circle on a black"},
		{"one word too many", "a red circle on a black background", "a red circle on a black"},
		{"much too long", strings.Repeat("star ", 1000), "star star star star star star"},
	} {
		ids := words.Encode(test.caption)
		if len(ids) != words.Context {
			t.Errorf("%s: %d ids, want %d", test.why, len(ids), words.Context)
		}
		for _, id := range ids {
			if id < 0 || int(id) >= words.Size() {
				t.Errorf("%s: id %d, want 0 … %d", test.why, id, words.Size()-1)
			}
		}
		if got := decode(t, words, ids); got != test.want {
			t.Errorf("%s: %q, want %q", test.why, got, test.want)
		}
	}
}

func TestMarksArePartsOfWords(t *testing.T) {
	for _, test := range []struct {
		why, caption string
		want         []string
	}{
		{"vowels of Devanagari", "लड़का और लड़की", []string{"लड़का", "और", "लड़की"}},
		{"decomposed letters", "Cafe\u0301 A\u030angstro\u0308m", []string{"café", "ångström"}},
		{"composed letters", "CAFÉ", []string{"café"}},
		{"marks that no letter has", "q\u0323\u0307 x", []string{"q\u0323\u0307", "x"}},
		{"a mark after a picture is no word", "❤\ufe0f heart \u0301", []string{"heart"}},
		{"forms of a digit are one word", "1\ufe0f\u20e3 1", []string{"1", "1"}},
	} {
		if diff := cmp.Diff(test.want, Split(test.caption)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
	}
}

// Weights were trained on the ids of these vocabularies.
func TestShippedVocabulariesAreWords(t *testing.T) {
	files, err := filepath.Glob("../../pretrained/*/bundle.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("bundles %q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct {
			Words     Words `json:"words"`
			PairWords Words `json:"pair_words"`
		}
		if err := json.Unmarshal(text, &bundle); err != nil {
			t.Fatal(err)
		}
		for _, words := range []Words{bundle.Words, bundle.PairWords} {
			if diff := cmp.Diff(words.Vocabulary, Split(strings.Join(words.Vocabulary, " "))); diff != "" || len(words.Vocabulary) == 0 {
				t.Errorf("%s: %d words (-shipped +split):\n%s", file, len(words.Vocabulary), diff)
			}
		}
	}
}

func TestBuildKeepsTheMostFrequentWords(t *testing.T) {
	captions := []string{"b b b c c a d", "C d e"}
	for max, want := range map[int][]string{
		0:   {},
		1:   {"b"},
		3:   {"b", "c", "d"},           // 3 times, 3 times, twice: equal counts by alphabet
		100: {"b", "c", "d", "a", "e"}, // a and e once each
	} {
		words := Build(captions, max, 8)
		if diff := cmp.Diff(want, words.Vocabulary); diff != "" {
			t.Errorf("at most %d words (-want +got):\n%s", max, diff)
		}
		if got := words.Size(); got != len(want)+4 {
			t.Errorf("size = %d, want %d words and 4 special ids", got, len(want))
		}
	}
	if got := Build(nil, 10, 8).Size(); got != 4 {
		t.Errorf("size without captions = %d, want 4", got)
	}
}

// Ids are baked into trained weights, so neither the order of captions nor that of a map may move them.
func TestIdsDoNotDependOnTheOrderOfCaptions(t *testing.T) {
	var captions []string
	for i := range 60 {
		captions = append(captions, fmt.Sprintf("w%d and w%d", i, i*7%60))
	}
	want := Build(captions, 50, 8).Vocabulary
	for range 5 {
		if diff := cmp.Diff(want, Build(captions, 50, 8).Vocabulary); diff != "" {
			t.Fatalf("again (-want +got):\n%s", diff)
		}
	}
	slices.Reverse(captions)
	if diff := cmp.Diff(want, Build(captions, 50, 8).Vocabulary); diff != "" {
		t.Errorf("captions backwards (-want +got):\n%s", diff)
	}
}

func TestWordsSurviveJSON(t *testing.T) {
	words := Build([]string{"a red circle", "a blue star"}, 10, 6)
	caption := "a blue circle and a star"
	want := words.Encode(caption) // builds the index, which must not be needed in the file
	b, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	var read Words
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read.Encode(caption)); diff != "" {
		t.Errorf("ids after writing and reading (-want +got):\n%s", diff)
	}
}

func TestEncodeAllJoins(t *testing.T) {
	words := Build([]string{"a red circle"}, 10, 5)
	want := append(words.Encode("a red"), words.Encode("circle")...)
	if diff := cmp.Diff(want, words.EncodeAll([]string{"a red", "circle"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := words.EncodeAll(nil); len(got) != 0 {
		t.Errorf("no captions = %v", got)
	}
}

func TestUnreadWordsAreCounted(t *testing.T) {
	words := Build([]string{"a red circle"}, 10, 5)
	cut, unknown := words.Unread([]string{"a red circle", "a red circle, a red circle", "a zebra", "a big red circle", ""})
	if cut != 2 || unknown != 2 {
		t.Errorf("%d captions are cut and %d have unknown words, want 2 and 2", cut, unknown)
	}
}

func TestUnknownWords(t *testing.T) {
	words := Build([]string{"a red circle"}, 10, 4)
	// Beyond the context too: the words are listed to be shown to a person.
	if diff := cmp.Diff([]string{"big", "zebra"}, words.UnknownWords("A big red circle, a ZEBRA")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := words.UnknownWords("a red circle"); got != nil {
		t.Errorf("unknown = %q, want none", got)
	}
}

func TestValidate(t *testing.T) {
	if err := Build([]string{"a"}, 1, 3).Validate(); err != nil {
		t.Error(err)
	}
	for want, words := range map[string]*Words{
		"context = 2": Build([]string{"a"}, 1, 2),
		"vocabulary":  Build(nil, 1, 8),
	} {
		if err := words.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("a red circle", 4)
	f.Add("\xff \u00a0Ⅷ²", 3)
	words := Build([]string{"a red circle", "ß İ ǅ"}, 10, 6)
	f.Fuzz(func(t *testing.T, caption string, context int) {
		words := &Words{Vocabulary: words.Vocabulary, Context: 3 + (context&0xff+0xff)%0xff}
		ids := words.Encode(caption)
		decode(t, words, ids)
		if len(ids) != words.Context {
			t.Errorf("%d ids, want %d", len(ids), words.Context)
		}
	})
}

// Published ids are those of Encode, but for the end, which moves behind all others.
func TestPublishedIds(t *testing.T) {
	words := Build([]string{"a red circle", "a blue star"}, 100, 8)
	rules, config := words.Publish()
	model := rules["model"].(map[string]any)
	ids := model["vocab"].(map[string]any)
	names := []string{"<|pad|>", "<|begin|>", "<|end|>", "<|unknown|>"}
	if len(ids) != words.Size() || config["model_max_length"] != words.Context || model["unk_token"] != "<|unknown|>" {
		t.Errorf("%d ids, context %v, unknown %v", len(ids), config["model_max_length"], model["unk_token"])
	}
	for id, name := range append(names, words.Vocabulary...) {
		want := id
		switch {
		case id == End:
			want = words.Size() - 1
		case id > End:
			want--
		}
		if ids[name] != want {
			t.Errorf("%s is %v, want %d", name, ids[name], want)
		}
	}
}
