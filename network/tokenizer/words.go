// Package tokenizer turns captions into token ids.
package tokenizer

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The ids that stand before the words.
const (
	Pad = iota
	Begin
	End
	Unknown
	firstWord
)

// Words is a word-level tokenizer built from captions. An id is the position in Vocabulary plus four special ids.
type Words struct {
	Vocabulary []string `json:"vocabulary"`
	Context    int      `json:"context"` // tokens per caption, Begin and End included

	index map[string]int32
}

// Build collects the most frequent words of the captions, at most maxWords of them.
func Build(captions []string, maxWords, context int) *Words {
	counts := map[string]int{}
	for _, caption := range captions {
		for _, w := range Split(caption) {
			counts[w]++
		}
	}
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return &Words{Vocabulary: words[:min(len(words), maxWords)], Context: context}
}

// Size is the number of different ids.
func (t *Words) Size() int { return len(t.Vocabulary) + firstWord }

// Validate returns an error that names a field that cannot work.
func (t *Words) Validate() error {
	if t.Context < 3 {
		return fmt.Errorf("tokenizer: context = %d, want ≥ 3", t.Context)
	}
	if len(t.Vocabulary) == 0 {
		return fmt.Errorf("tokenizer: vocabulary is empty, want at least one word")
	}
	return nil
}

// Encode returns Context ids: Begin, words, End, then Pad. Words past the context are cut off.
func (t *Words) Encode(caption string) []int32 {
	if t.index == nil {
		t.index = make(map[string]int32, len(t.Vocabulary))
		for i, w := range t.Vocabulary {
			t.index[w] = int32(i + firstWord)
		}
	}
	ids := make([]int32, 1, t.Context)
	ids[0] = Begin
	for _, w := range Split(caption) {
		if len(ids) == t.Context-1 {
			break
		}
		id, known := t.index[w]
		if !known {
			id = Unknown
		}
		ids = append(ids, id)
	}
	ids = append(ids, End)
	return append(ids, make([]int32, t.Context-len(ids))...)
}

// EncodeAll returns the ids of all captions in one flat slice of len(captions)·Context.
func (t *Words) EncodeAll(captions []string) []int32 { return encodeAll(captions, t.Encode) }

func encodeAll(captions []string, encode func(string) []int32) (ids []int32) {
	for _, caption := range captions {
		ids = append(ids, encode(caption)...)
	}
	return ids
}

// Unread counts the captions with words past the context, which are cut off, and those with words that are not in the vocabulary.
func (t *Words) Unread(captions []string) (cut, unknown int) {
	for _, caption := range captions {
		if len(Split(caption)) > t.Context-2 {
			cut++
		}
		if slices.Contains(t.Encode(caption), Unknown) {
			unknown++
		}
	}
	return cut, unknown
}

// UnknownWords lists the words of a caption that the tokenizer does not know.
func (t *Words) UnknownWords(caption string) (unknown []string) {
	for _, w := range Split(caption) {
		if !slices.Contains(t.Vocabulary, w) {
			unknown = append(unknown, w)
		}
	}
	return unknown
}

// word is a word: vowels of many scripts are marks. A mark without a letter before it is none.
var word = regexp.MustCompile(`[\p{L}\p{Nd}][\p{L}\p{Nd}\p{Mn}\p{Mc}]*`)

// Split gives the words of a caption in lower case, their letters composed with their marks.
func Split(caption string) []string {
	return word.FindAllString(strings.ToLower(norm.NFC.String(strings.Map(dropVariant, caption))), -1)
}

// dropVariant removes marks that only choose among the forms of a letter or picture.
func dropVariant(r rune) rune {
	if unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return r
}

// Publish gives the contents of tokenizer.json, which transformers' PreTrainedTokenizerFast reads, and of tokenizer_config.json. The end has the
// last id, and what comes after End here one less.
func (t *Words) Publish() (rules, config map[string]any) {
	type object = map[string]any
	last := t.Size() - 1
	ids := object{"<|pad|>": Pad, "<|begin|>": Begin, "<|unknown|>": Unknown - 1, "<|end|>": last}
	var added []object
	for _, name := range []string{"<|pad|>", "<|begin|>", "<|unknown|>", "<|end|>"} {
		added = append(added, object{"id": ids[name], "content": name, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false})
	}
	for i, w := range t.Vocabulary {
		ids[w] = i + firstWord - 1
	}
	special := func(name string, id int) object {
		return object{"id": name, "ids": []int{id}, "tokens": []string{name}}
	}
	part := func(kind, id string) object { return object{kind: object{"id": id, "type_id": 0}} }
	framed := []object{part("SpecialToken", "<|begin|>"), part("Sequence", "A"), part("SpecialToken", "<|end|>")}
	rules = object{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added, "decoder": nil,
		"normalizer": object{"type": "Sequence", "normalizers": []object{
			{"type": "Replace", "pattern": object{"Regex": `[\x{180B}-\x{180D}\x{180F}\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]`}, "content": ""},
			{"type": "NFC"},
			{"type": "Replace", "pattern": object{"String": "İ"}, "content": "i"}, // else it becomes two letters
			{"type": "Lowercase"},
		}},
		"pre_tokenizer": object{"type": "Split", "pattern": object{"Regex": word.String()}, "behavior": "Removed", "invert": true},
		"post_processor": object{"type": "TemplateProcessing", "single": framed, "pair": append(framed[:2:2], part("Sequence", "B"), framed[2]),
			"special_tokens": object{"<|begin|>": special("<|begin|>", Begin), "<|end|>": special("<|end|>", last)}},
		"model": object{"type": "WordLevel", "vocab": ids, "unk_token": "<|unknown|>"},
	}
	return rules, object{"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": t.Context,
		"pad_token": "<|pad|>", "bos_token": "<|begin|>", "unk_token": "<|unknown|>", "eos_token": "<|end|>"}
}
