package tokenizer

import (
	"maps"
	"math"
	"regexp"
	"slices"
)

// CLIPContext is the number of tokens of a caption in CLIP; CLIPBegin and CLIPEnd stand around its words.
const (
	CLIPContext = 77
	CLIPBegin   = 49406
	CLIPEnd     = 49407
)

// clipMerges is the number of merges that CLIP takes from its vocabulary file.
const clipMerges = CLIPBegin - 512

// longestWord is where a word is cut, in bytes: its first 77 tokens are all that can count.
const longestWord = 4096

// CLIP is the byte-pair encoding of CLIP and OpenCLIP (Radford et al. 2103.00020). Ids are those of OpenCLIP's SimpleTokenizer, or those of
// transformers' CLIPTokenizer where OpenCLIP read a folder.
type CLIP struct {
	Context int // number of ids of a caption

	ranks           map[[2]string]int // the order in which neighbouring pieces are merged
	ids             map[string]int32  // of pieces
	begin, end, pad int32
	words           func(caption string) []string
	special         map[string]int32 // ids of words that are no text
}

// newCLIP takes the merges in order. Ids: the 256 bytes, the same at the end of a word, the merges.
func newCLIP(merges [][2]string) *CLIP {
	t := &CLIP{
		Context: CLIPContext, ranks: make(map[[2]string]int, len(merges)), ids: make(map[string]int32, 512+len(merges)), begin: CLIPBegin, end: CLIPEnd,
		words:   func(caption string) []string { return clipWords.FindAllString(clipClean(caption), CLIPContext) },
		special: map[string]int32{"<start_of_text>": CLIPBegin, "<end_of_text>": CLIPEnd},
	}
	// Pieces are text: every byte goes by a printable letter, those that are printable themselves first.
	next := int32(0)
	for _, printable := range []bool{true, false} {
		for b := range 256 {
			if isPrintable(b) == printable {
				t.ids[byteLetters[b]] = next
				t.ids[byteLetters[b]+wordEnd] = next + 256
				next++
			}
		}
	}
	for i, m := range merges {
		t.ranks[m] = i
		t.ids[m[0]+m[1]] = int32(512 + i)
	}
	return t
}

const wordEnd = "</w>"

func isPrintable(b int) bool { return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae }

// byteLetters maps a byte to its letter: itself, or one from U+0100 on.
var byteLetters = func() (letters [256]string) {
	next := rune(256)
	for b := range 256 {
		if isPrintable(b) {
			letters[b] = string(rune(b))
		} else {
			letters[b] = string(next)
			next++
		}
	}
	return letters
}()

// Encode returns Context ids: the begin, pieces, the end, then padding. What does not fit is cut off before the end.
func (t *CLIP) Encode(caption string) []int32 {
	ids := append([]int32{t.begin}, t.pieces(caption)...)
	ids = append(ids[:min(len(ids), t.Context-1)], t.end)
	return append(ids, slices.Repeat([]int32{t.pad}, t.Context-len(ids))...)
}

// Size is the number of ids, with those that no piece has.
func (t *CLIP) Size() int { return int(slices.Max(slices.Collect(maps.Values(t.ids)))) + 1 }

// End is the id of the token that ends a caption.
func (t *CLIP) End() int { return int(t.end) }

// Cut reports whether a caption has more pieces than Encode returns.
func (t *CLIP) Cut(caption string) bool { return len(t.pieces(caption)) > t.Context-2 }

func (t *CLIP) pieces(caption string) (ids []int32) {
	for _, word := range t.words(caption) {
		if id, ok := t.special[word]; ok {
			ids = append(ids, id)
		} else {
			ids = append(ids, t.word(word)...)
		}
	}
	return ids
}

// EncodeAll returns the ids of all captions in one flat slice of len(captions)·Context.
func (t *CLIP) EncodeAll(captions []string) []int32 { return encodeAll(captions, t.Encode) }

// clipWords are the words: special tokens, contractions, runs of letters, single digits, and runs of what is neither nor space.
var clipWords = regexp.MustCompile(`<start_of_text>|<end_of_text>|` + clipText)

const clipText = `'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+`

// word merges the pieces of a word, always the pair of lowest rank first, everywhere in the word at once.
func (t *CLIP) word(word string) []int32 {
	word = word[:min(len(word), longestWord)]
	pieces := make([]string, len(word))
	for i := range pieces {
		pieces[i] = byteLetters[word[i]]
	}
	pieces[len(pieces)-1] += wordEnd
	for len(pieces) > 1 {
		best, pair := math.MaxInt, [2]string{}
		for i := range len(pieces) - 1 {
			if rank, ok := t.ranks[[2]string{pieces[i], pieces[i+1]}]; ok && rank < best {
				best, pair = rank, [2]string{pieces[i], pieces[i+1]}
			}
		}
		if best == math.MaxInt {
			break
		}
		merged := pieces[:0]
		for i := 0; i < len(pieces); i++ {
			if i+1 < len(pieces) && pieces[i] == pair[0] && pieces[i+1] == pair[1] {
				merged = append(merged, pair[0]+pair[1])
				i++
			} else {
				merged = append(merged, pieces[i])
			}
		}
		pieces = slices.Clip(merged)
	}
	ids := make([]int32, len(pieces))
	for i, p := range pieces {
		ids[i] = t.ids[p]
	}
	return ids
}
