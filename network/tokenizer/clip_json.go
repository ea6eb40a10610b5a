package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fast is tokenizer.json, which the library tokenizers writes: pieces and merges, and what is done to a caption before and after them.
type fast struct {
	Version    json.RawMessage
	Decoder    json.RawMessage // makes text of ids
	Truncation *struct {
		Direction string `json:"direction"`
		Length    int    `json:"max_length"`
		Strategy  any    `json:"strategy"` // transformers sets it anew
		Stride    int    `json:"stride"`
	}
	Padding *struct {
		Direction string `json:"direction"`
		ID        int32  `json:"pad_id"`
		Strategy  any    `json:"strategy"`
		Multiple  any    `json:"pad_to_multiple_of"`
		Type      int    `json:"pad_type_id"`
		Token     string `json:"pad_token"`
	}
	Added []struct {
		ID         int32  `json:"id"`
		Content    string `json:"content"`
		SingleWord bool   `json:"single_word"`
		Left       bool   `json:"lstrip"` // spaces are no tokens
		Right      bool   `json:"rstrip"`
		Normalized bool   `json:"normalized"`
		Special    bool   `json:"special"`
	} `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor struct {
		Type  string `json:"type"`
		End   [2]any `json:"sep"`
		Begin [2]any `json:"cls"`
		Trim  bool   `json:"trim_offsets"` // positions in the text only
		Space bool   `json:"add_prefix_space"`
	} `json:"post_processor"`
	Model struct {
		Type         string           `json:"type"`
		Dropout      float64          `json:"dropout"`
		Unknown      any              `json:"unk_token"` // every byte is known
		FuseUnknown  bool             `json:"fuse_unk"`
		ByteFallback bool             `json:"byte_fallback"`
		Prefix       string           `json:"continuing_subword_prefix"`
		Suffix       string           `json:"end_of_word_suffix"`
		IgnoreMerges bool             `json:"ignore_merges"`
		Vocab        map[string]int32 `json:"vocab"`
		Merges       []merge          `json:"merges"`
	} `json:"model"`
}

// merge is "a b" or, in later versions, ["a", "b"].
type merge [2]string

func (m *merge) UnmarshalJSON(text []byte) error {
	var pair []string
	if json.Unmarshal(text, &pair) != nil {
		var both string
		if err := json.Unmarshal(text, &both); err != nil {
			return err
		}
		pair = strings.Split(both, " ")
	}
	if len(pair) != 2 || pair[0] == "" || pair[1] == "" {
		return fmt.Errorf("merge = %s, want two pieces", text)
	}
	*m = merge(pair)
	return nil
}

// What transformers 4 and 5 write for CLIP. Special tokens in the pattern change no ids, as they are found before; nor does use_regex, as
// GPT-2's pattern cuts no word of CLIP's.
const (
	fastNormalizer = `{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]}`
	fastSplit      = `{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "%s's|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"}, "behavior": "Removed", "invert": true}, ` +
		`{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true%s}]}`
	fastSpecial = `<\\|startoftext\\|>|<\\|endoftext\\|>|`
)

// readFast reads tokenizer.json. What would change ids is an error.
func readFast(dir string) (*fast, error) {
	text, err := os.ReadFile(filepath.Join(dir, fastFile))
	if err != nil {
		return nil, err
	}
	f := new(fast)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return nil, fmt.Errorf("%s: %w", fastFile, err)
	}
	var splits []string
	for _, special := range []string{fastSpecial, ""} {
		for _, more := range []string{`, "use_regex": true`, ""} {
			splits = append(splits, fmt.Sprintf(fastSplit, special, more))
		}
	}
	for _, part := range []struct {
		name  string
		value json.RawMessage
		want  []string
	}{{"normalizer", f.Normalizer, []string{fastNormalizer}}, {"pre_tokenizer", f.PreTokenizer, splits}} {
		if !slices.ContainsFunc(part.want, func(want string) bool { return compact(want) == compact(string(part.value)) }) {
			return nil, fmt.Errorf("%s: %s = %s, want CLIP's %s", fastFile, part.name, compact(string(part.value)), compact(part.want[0]))
		}
	}
	for _, field := range []struct {
		name      string
		got, want any
		fits      bool
	}{
		{"type", f.Model.Type, "BPE", f.Model.Type == "BPE" || f.Model.Type == ""},
		{"dropout", f.Model.Dropout, 0, f.Model.Dropout == 0},
		{"continuing_subword_prefix", f.Model.Prefix, "", f.Model.Prefix == ""},
		{"end_of_word_suffix", f.Model.Suffix, wordEnd, f.Model.Suffix == wordEnd},
		{"ignore_merges", f.Model.IgnoreMerges, false, !f.Model.IgnoreMerges},
	} {
		if !field.fits {
			return nil, fmt.Errorf("%s: model: %s = %#v, want %#v", fastFile, field.name, field.got, field.want)
		}
	}
	return f, nil
}

// compact is JSON with sorted names and without spaces.
func compact(text string) string {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(value) != nil {
		return text
	}
	return strings.TrimSpace(out.String())
}

// check wants what surrounds a caption's pieces to be t's, and no tokens that were added but those.
func (f *fast) check(t *CLIP) error {
	text := func(id int32) string {
		for text, special := range t.special {
			if special == id {
				return text
			}
		}
		return ""
	}
	for _, a := range f.Added {
		switch id, ok := t.special[a.Content]; {
		case !ok || id != a.ID:
			return fmt.Errorf("%s: added_tokens: %q has the id %d, want only begin, end and padding %q with the ids of the vocabulary: other tokens are not read here", fastFile, a.Content, a.ID, t.special)
		case a.SingleWord:
			return fmt.Errorf("%s: added_tokens: %q: single_word = true, want false", fastFile, a.Content)
		case a.Normalized && a.Content != transformersClean(a.Content):
			return fmt.Errorf("%s: added_tokens: %q: normalized = true, want false, or small letters", fastFile, a.Content)
		}
	}
	p := f.PostProcessor
	if begin, end := [2]any{text(t.begin), float64(t.begin)}, [2]any{text(t.end), float64(t.end)}; p.Type != "RobertaProcessing" || p.Begin != begin || p.End != end {
		return fmt.Errorf("%s: post_processor = %s with cls %v and sep %v, want RobertaProcessing with cls %v and sep %v", fastFile, p.Type, p.Begin, p.End, begin, end)
	}
	if r := f.Truncation; r != nil && (r.Direction != "Right" && r.Direction != "" || r.Length != t.Context) {
		return fmt.Errorf("%s: truncation: direction = %q, max_length = %d, want \"Right\" and model_max_length = %d", fastFile, r.Direction, r.Length, t.Context)
	}
	if r := f.Padding; r != nil && (r.Direction != "Right" || r.ID != t.pad) {
		return fmt.Errorf("%s: padding: direction = %q, pad_id = %d, want \"Right\" and %d, the pad_token's", fastFile, r.Direction, r.ID, t.pad)
	}
	return nil
}
