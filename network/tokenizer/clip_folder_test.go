package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenCLIPEqualsTransformers(t *testing.T) {
	text, err := os.ReadFile("testdata/transformers.json") // by testdata/transformers.py
	if err != nil {
		t.Fatal(err)
	}
	var golden clipGolden
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	strings4, pairs5 := fastFolder(t, func(s string) string { return s }), fastFolder(t, nil)
	for _, dir := range []string{"testdata/transformers", strings4, pairs5} {
		c, err := OpenCLIP(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, caption := range golden.Captions {
			if diff := cmp.Diff(caption.IDs, c.Encode(caption.Text)); diff != "" {
				t.Errorf("%s: %q (-want +got):\n%s", dir, caption.Text, diff)
			}
		}
	}
	// Ids of transformers 5.24.0 for the folder that its save_pretrained makes of testdata/transformers: tokens are normalized, too.
	c, err := OpenCLIP(pairs5)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{529, 320, 530, 513, 530, 0}, c.Encode("a <|EndOfText|> fox")[:6]); diff != "" {
		t.Errorf("a token in capital letters (-want +got):\n%s", diff)
	}
}

// saved5 and config5 are what transformers 5.24.0 writes of testdata/transformers, without the pieces and in fewer lines.
const (
	saved5 = `{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [
{"id": 0, "content": "!", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
{"id": 529, "content": "<|startoftext|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": true},
{"id": 530, "content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": true}],
"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split",
"pattern": {"Regex": "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"}, "behavior": "Removed", "invert": true},
{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
"post_processor": {"type": "RobertaProcessing", "sep": ["<|endoftext|>", 530], "cls": ["<|startoftext|>", 529], "trim_offsets": false, "add_prefix_space": false},
"decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
"model": {"type": "BPE", "dropout": null, "unk_token": "<|endoftext|>", "continuing_subword_prefix": "", "end_of_word_suffix": "</w>", "fuse_unk": false,
"byte_fallback": false, "ignore_merges": false, "vocab": VOCAB, "merges": MERGES}}`
	config5 = `{"add_prefix_space": false, "backend": "tokenizers", "bos_token": "<|startoftext|>", "do_lower_case": true, "eos_token": "<|endoftext|>", "errors": "replace",
"is_local": true, "local_files_only": false, "model_max_length": 20, "pad_token": "!", "tokenizer_class": "CLIPTokenizer", "unk_token": "<|endoftext|>"}`
)

// fastFolder has saved5, edited and with merges as text as in transformers 4, or with a nil edit as in 5, and no vocab.json and merges.txt.
func fastFolder(t *testing.T, edit func(string) string) string {
	t.Helper()
	dir := t.TempDir()
	vocabulary, err := os.ReadFile("testdata/transformers/vocab.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("testdata/transformers/merges.txt")
	if err != nil {
		t.Fatal(err)
	}
	var merges []any
	for _, line := range strings.Split(strings.TrimSpace(string(file)), "\n")[1:] {
		if edit == nil {
			merges = append(merges, strings.Split(line, " "))
		} else {
			merges = append(merges, line)
		}
	}
	text, err := json.Marshal(merges)
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.NewReplacer("VOCAB", string(vocabulary), "MERGES", string(text)).Replace(saved5)
	if edit != nil {
		whole = edit(whole)
	}
	for name, text := range map[string]string{"tokenizer.json": whole, "tokenizer_config.json": config5} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Whatever in tokenizer.json would change ids is named.
func TestOtherTokenizersInOneFileAreRefused(t *testing.T) {
	for _, test := range [][3]string{
		{`{"type": "NFC"}`, `{"type": "NFD"}`, `normalizer = {"normalizers":[{"type":"NFD"},`},
		{`, {"type": "Lowercase"}`, "", `normalizer = {"normalizers":[{"type":"NFC"},{"content":" "`},
		{`"behavior": "Removed"`, `"behavior": "Isolated"`, `pre_tokenizer = {"pretokenizers":[{"behavior":"Isolated"`},
		{`"add_prefix_space": false, "trim_offsets": true`, `"add_prefix_space": true, "trim_offsets": true`, `pre_tokenizer = `},
		{`{"id": 0, "content": "!"`, `{"id": 64, "content": "a"`, `added_tokens: "a" has the id 64, want only begin, end and padding`},
		{`{"id": 529,`, `{"id": 531,`, `added_tokens: "<|startoftext|>" has the id 531, want only`},
		{`"!", "single_word": false`, `"!", "single_word": true`, `added_tokens: "!": single_word = true, want false`},
		{`"RobertaProcessing"`, `"TemplateProcessing"`, `post_processor = TemplateProcessing`},
		{`"sep": ["<|endoftext|>", 530]`, `"sep": ["!", 0]`, `post_processor = RobertaProcessing with cls [<|startoftext|> 529] and sep [! 0], want`},
		{`"type": "BPE"`, `"type": "WordPiece"`, `model: type = "WordPiece", want "BPE"`},
		{`"dropout": null`, `"dropout": 0.1`, `model: dropout = 0.1, want 0`},
		{`"ignore_merges": false`, `"ignore_merges": true`, `model: ignore_merges = true, want false`},
		{`"end_of_word_suffix": "</w>"`, `"end_of_word_suffix": ""`, `model: end_of_word_suffix = "", want "</w>"`},
		{`"byte_fallback"`, `"bytes_first"`, `tokenizer.json: json: unknown field "bytes_first"`},
		{`"truncation": null`, `"truncation": {"direction": "Left", "max_length": 20, "strategy": "LongestFirst", "stride": 0}`, `truncation: direction = "Left"`},
		{`"padding": null`, `"padding": {"strategy": {"Fixed": 20}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 530, "pad_type_id": 0, "pad_token": "<|endoftext|>"}`, `pad_id = 530, want "Right" and 0`},
		{`"o x\u003c/w\u003e"`, `"o x y"`, `merge = "o x y", want two pieces`},
		{`"o x\u003c/w\u003e"`, `"x y"`, `tokenizer.json makes "xy", which tokenizer.json does not have`},
	} {
		dir := fastFolder(t, func(text string) string {
			if !strings.Contains(text, test[0]) {
				t.Fatalf("no %s in %.2000s", test[0], text)
			}
			return strings.Replace(text, test[0], test[1], 1)
		})
		if _, err := OpenCLIP(dir); err == nil || !strings.Contains(err.Error(), test[2]) {
			t.Errorf("%s: error %v, want %q", test[1], err, test[2])
		}
	}
}

func TestLettersBecomeSmallOneByOne(t *testing.T) {
	for text, want := range map[string]string{"ΟΔΟΣ  Σ": "οδοσ σ", "İI I\u0307": "i\u0307i i\u0307", "ÅÉ ẞ": "åé ß"} {
		if got := transformersClean(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// folder copies the tokenizer with a file changed; nil removes it.
func folder(t *testing.T, name string, text []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/transformers")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name)
	var err error
	if text == nil {
		err = os.Remove(file)
	} else {
		err = os.WriteFile(file, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// transformers reads special_tokens_map.json only where tokenizer_config.json does not list added tokens.
func TestThePadIsThatOfTheRightFile(t *testing.T) {
	for why, test := range map[string]struct {
		name, text string
		pad        int32
	}{
		"map":            {"merges.txt", "#version: 0.2\n", 0},
		"no map":         {"special_tokens_map.json", "{}", 530},
		"added tokens":   {"tokenizer_config.json", `{"pad_token": "<|endoftext|>", "added_tokens_decoder": {"0": {"content": "!"}}}`, 530},
		"neither is set": {"tokenizer_config.json", `{"added_tokens_decoder": {"0": {"content": "!"}}}`, 530},
	} {
		c, err := OpenCLIP(folder(t, test.name, []byte(test.text)))
		if err != nil {
			t.Fatal(why, err)
		}
		if got := c.Encode(""); got[len(got)-1] != test.pad {
			t.Errorf("%s: padding = %d, want %d", why, got[len(got)-1], test.pad)
		}
	}
}

func TestOpenCLIPRefusesByName(t *testing.T) {
	for want, file := range map[string][2]string{
		`padding_side = "left", want "right"`:                    {"tokenizer_config.json", `{"padding_side": "left"}`},
		`truncation_side = "left", want "right"`:                 {"tokenizer_config.json", `{"truncation_side": "left"}`},
		`do_lower_case = false, want true`:                       {"tokenizer_config.json", `{"do_lower_case": false}`},
		`tokenizer_class = "T5Tokenizer", want "CLIPTokenizer"`:  {"tokenizer_config.json", `{"tokenizer_class": "T5Tokenizer"}`},
		`sentence_piece = 1, want no such field`:                 {"tokenizer_config.json", `{"sentence_piece": 1}`},
		`model_max_length = 1e+30, want 2 to 65536`:              {"tokenizer_config.json", `{"model_max_length": 1e30}`},
		`pad_token = "[PAD]", want a piece of the vocabulary`:    {"special_tokens_map.json", `{"pad_token": "[PAD]"}`},
		`vocab.json has no piece "Ā" for byte 0`:                 {"vocab.json", `{"a": 1}`},
		`merges.txt makes "xy", which vocab.json does not have`:  {"merges.txt", "#version: 0.2\nx y\n"},
		`merges.txt: first line = "x y", want #version`:          {"merges.txt", "x y\n"},
		`added_tokens_decoder: "<cat-toy>" has the id 531, want`: {"tokenizer_config.json", `{"added_tokens_decoder": {"530": {"content": "<|endoftext|>"}, "531": {"content": "<cat-toy>"}}}`},
		`added_tokens_decoder: "!" has the id 531, want`:         {"tokenizer_config.json", `{"added_tokens_decoder": {"531": {"content": "!"}}}`},
		`added_tokens.json: "<cat-toy>" has the id 531, want`:    {"added_tokens.json", `{"<cat-toy>": 531, "<|endoftext|>": 530}`},
		`merges.txt: no such file`:                               {"merges.txt", ""},
	} {
		text := []byte(file[1])
		if file[1] == "" {
			text = nil
		}
		if _, err := OpenCLIP(folder(t, file[0], text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
