package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/addlab/addlab/internal/published"
)

// OpenCLIP reads the folder of transformers' CLIPTokenizer: vocab.json and merges.txt, or tokenizer.json where one of them is missing;
// tokenizer_config.json, special_tokens_map.json and added_tokens.json. A setting that asks for another tokenizer is an error, and so is a
// token that the vocabulary lacks, as textual inversion adds them.
//
// Captions are composed, made small and their spaces joined, as transformers does where ftfy is not installed.
func OpenCLIP(dir string) (*CLIP, error) {
	t := &CLIP{ranks: map[[2]string]int{}}
	f, err := t.readPieces(dir)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", dir, err)
	}
	s, err := readSettings(dir)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	if err := t.checkAdded(dir, s.added); err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", dir, err)
	}
	for name, token := range map[string]struct {
		text string
		id   *int32
	}{"bos_token": {string(s.begin), &t.begin}, "eos_token": {string(s.end), &t.end}, "pad_token": {string(s.pad), &t.pad}} {
		id, ok := t.ids[token.text]
		if !ok {
			return nil, fmt.Errorf("tokenizer: %s: %s = %q, want a piece of the vocabulary", dir, name, token.text)
		}
		*token.id = id
	}
	if t.Context = int(s.context); s.context < 2 || s.context > 1<<16 {
		return nil, fmt.Errorf("tokenizer: %s: model_max_length = %g, want 2 to 65536", dir, s.context)
	}
	t.special = map[string]int32{string(s.begin): t.begin, string(s.end): t.end, string(s.pad): t.pad}
	normalized := map[string]bool{}
	if f != nil {
		if err := f.check(t); err != nil {
			return nil, fmt.Errorf("tokenizer: %s: %w", dir, err)
		}
		for _, a := range f.Added {
			normalized[a.Content] = a.Normalized
		}
	}
	t.words = specialWords(slices.Sorted(maps.Keys(t.special)), normalized)
	return t, nil
}

// specialWords cuts a caption at special tokens, which may be as short as the "!" that pads Stable Diffusion 2's, then into words. Those
// that are normalized are found in capital letters, too.
func specialWords(special []string, normalized map[string]bool) func(caption string) []string {
	var patterns []string
	for _, text := range special {
		pattern := regexp.QuoteMeta(text)
		if normalized[text] {
			pattern = "(?i:" + pattern + ")"
		}
		patterns = append(patterns, pattern)
	}
	any := regexp.MustCompile(strings.Join(patterns, "|"))
	return func(caption string) (words []string) {
		at := 0
		for _, found := range any.FindAllStringIndex(caption, -1) {
			word := caption[found[0]:found[1]]
			if !slices.Contains(special, word) {
				word = strings.ToLower(word)
			}
			words = append(append(words, plainWords(caption[at:found[0]])...), word)
			at = found[1]
		}
		return append(words, plainWords(caption[at:])...)
	}
}

var textWords = regexp.MustCompile(clipText)

func plainWords(text string) []string { return textWords.FindAllString(transformersClean(text), -1) }

const vocabularyFile, mergesFile, fastFile = "vocab.json", "merges.txt", "tokenizer.json"

// readPieces reads the ids of pieces and their merges. Every byte must have an id, within a word and at its end. f is nil where they are not
// those of tokenizer.json.
func (t *CLIP) readPieces(dir string) (f *fast, err error) {
	there := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	vocabulary, made := vocabularyFile, mergesFile
	var merges [][2]string
	if there(fastFile) && !(there(vocabularyFile) && there(mergesFile)) {
		vocabulary, made = fastFile, fastFile
		if f, err = readFast(dir); err != nil {
			return nil, err
		}
		t.ids = f.Model.Vocab
		for _, m := range f.Model.Merges {
			merges = append(merges, m)
		}
	} else if merges, err = t.readFiles(dir); err != nil {
		return nil, err
	}
	for b, letter := range byteLetters {
		for _, piece := range []string{letter, letter + wordEnd} {
			if _, ok := t.ids[piece]; !ok {
				return nil, fmt.Errorf("%s has no piece %q for byte %d", vocabulary, piece, b)
			}
		}
	}
	for i, m := range merges {
		if _, ok := t.ids[m[0]+m[1]]; !ok {
			return nil, fmt.Errorf("%s makes %q, which %s does not have", made, m[0]+m[1], vocabulary)
		}
		t.ranks[m] = i
	}
	return f, nil
}

// readFiles reads vocab.json and merges.txt.
func (t *CLIP) readFiles(dir string) ([][2]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, vocabularyFile))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &t.ids); err != nil {
		return nil, fmt.Errorf("%s: %w", vocabularyFile, err)
	}
	f, err := os.Open(filepath.Join(dir, mergesFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	merges, err := readSomeMerges(f, math.MaxInt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", mergesFile, err)
	}
	return merges, nil
}

// checkAdded wants the tokens that were added, those of added_tokens_decoder and of added_tokens.json, to be pieces of the vocabulary.
func (t *CLIP) checkAdded(dir string, decoder map[int32]token) error {
	for _, id := range slices.Sorted(maps.Keys(decoder)) {
		if err := t.checkToken("tokenizer_config.json: added_tokens_decoder", string(decoder[id]), id); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "added_tokens.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var added map[string]int32
	if err == nil {
		err = json.Unmarshal(text, &added)
	}
	if err != nil {
		return fmt.Errorf("added_tokens.json: %w", err)
	}
	for _, text := range slices.Sorted(maps.Keys(added)) {
		if err := t.checkToken("added_tokens.json", text, added[text]); err != nil {
			return err
		}
	}
	return nil
}

func (t *CLIP) checkToken(file, text string, id int32) error {
	if known, ok := t.ids[text]; !ok || known != id {
		return fmt.Errorf("%s: %q has the id %d, want a piece of the vocabulary with its id: other tokens are not read here", file, text, id)
	}
	return nil
}

// settings are what the JSON files of the folder tell.
type settings struct {
	begin, end, pad token
	context         float64         // 10³⁰ stands for none
	added           map[int32]token // by id
}

// token is a special token: its text, or an object with it.
type token string

func (t *token) UnmarshalJSON(b []byte) error {
	var object struct{ Content string }
	if json.Unmarshal(b, &object) == nil {
		*t = token(object.Content)
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

// readSettings lets special_tokens_map.json override tokenizer_config.json, unless the latter lists the tokens that were added: later
// versions of transformers do.
func readSettings(dir string) (settings, error) {
	s := settings{begin: "<|startoftext|>", end: "<|endoftext|>", pad: "<|endoftext|>", context: CLIPContext}
	c := published.Read(filepath.Join(dir, "tokenizer_config.json"))
	if !c.Missing() {
		c.Take("model_max_length", &s.context)
		c.Take("added_tokens_decoder", &s.added)
		s.take(c)
		c.OnlyAll(map[string]any{"do_lower_case": true, "add_prefix_space": false, "tokenizer_class": "CLIPTokenizer", "use_default_system_prompt": false,
			"padding_side": "right", "truncation_side": "right"})
		c.Ignore("errors", "name_or_path", "special_tokens_map_file", "clean_up_tokenization_spaces", "additional_special_tokens", "extra_special_tokens",
			"backend", "is_local", "processor_class", "local_files_only")
		if err := c.Err(); err != nil {
			return s, err
		}
	}
	if c = published.Read(filepath.Join(dir, "special_tokens_map.json")); c.Missing() || len(s.added) > 0 {
		return s, nil
	}
	s.take(c)
	c.Ignore("additional_special_tokens")
	return s, c.Err()
}

func (s *settings) take(c *published.Config) {
	c.Take("bos_token", &s.begin)
	c.Take("eos_token", &s.end)
	c.Take("pad_token", &s.pad)
	c.Ignore("unk_token") // every byte is known
}

// transformersClean makes letters small one by one, as the library tokenizers does: a last Σ becomes σ, not ς. Only İ becomes two.
func transformersClean(text string) string {
	text = strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	return strings.ToLower(strings.ReplaceAll(text, "İ", "i\u0307"))
}
