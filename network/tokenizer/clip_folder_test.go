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
	c, err := OpenCLIP("testdata/transformers")
	if err != nil {
		t.Fatal(err)
	}
	for _, caption := range golden.Captions {
		if diff := cmp.Diff(caption.IDs, c.Encode(caption.Text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", caption.Text, diff)
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
		`pad_token = "[PAD]", want a piece of vocab.json`:        {"special_tokens_map.json", `{"pad_token": "[PAD]"}`},
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
