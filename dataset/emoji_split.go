package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/addlab/addlab/network/tokenizer"
)

const (
	emojiConceptsHeld = 20 // one concept of so many is held out
	emojiStyleHeld    = 5  // of one concept of so many a style is held out
)

// What is held out of a concept, where it is no style.
const (
	emojiKept    = -1
	emojiHeldOut = -2
)

// split chooses what training never sees, by hashes of the names: pictures that come and go leave the rest where it is.
//
// A held-out concept has no word in its name that training concepts lack, for otherwise nobody could know what it means. It shares no
// picture with another concept, as the flags of Clipperton and of France do.
func (w *Emoji) split() {
	shared := w.shared()
	uses := map[string]int{} // in names of concepts that are not held out
	order := make([]int, len(w.concepts))
	for i, c := range w.concepts {
		order[i] = i
		for _, word := range tokenizer.Split(c.Name) {
			uses[word]++
		}
	}
	hash := func(purpose string, i int) uint64 {
		sum := sha256.Sum256([]byte("emoji " + purpose + " " + w.concepts[i].Name))
		return binary.LittleEndian.Uint64(sum[:])
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(hash("concept", a), hash("concept", b)) })
	w.heldout = slices.Repeat([]int{emojiKept}, len(w.concepts))
	for wanted := len(w.concepts) / emojiConceptsHeld; len(order) > 0 && wanted > 0; order = order[1:] {
		words := tokenizer.Split(w.concepts[order[0]].Name)
		if shared[order[0]] || slices.ContainsFunc(words, func(word string) bool { return uses[word] < 3 }) {
			continue
		}
		for _, word := range words {
			uses[word]--
		}
		w.heldout[order[0]] = emojiHeldOut
		wanted--
	}

	w.splits = map[string][]int{}
	for i, held := range w.heldout {
		w.splits["all"] = append(w.splits["all"], i)
		if held == emojiHeldOut {
			w.splits["concepts"] = append(w.splits["concepts"], i)
			continue
		}
		w.splits["train"] = append(w.splits["train"], i)
		styles := w.styles(i, nil)
		if h := hash("style", i); h%emojiStyleHeld == 0 && len(styles) > 1 && !shared[i] {
			w.heldout[i] = styles[h/emojiStyleHeld%uint64(len(styles))]
			w.splits["novel"] = append(w.splits["novel"], i)
		}
	}
	w.splits["heldout"], w.splits["stated"] = w.splits["train"], w.splits["train"]
}

// shared tells which concepts have a picture that another has too.
func (w *Emoji) shared() []bool {
	const area = emojiSide * emojiSide * 4
	owner, shared := map[[sha256.Size]byte]int{}, make([]bool, len(w.concepts))
	for i, c := range w.concepts {
		for _, p := range c.Pictures {
			sum := sha256.Sum256(w.pix[p.Row*area : (p.Row+1)*area])
			if first, ok := owner[sum]; ok && first != i {
				shared[first], shared[i] = true, true
			}
			owner[sum] = i
		}
	}
	return shared
}

// styles are the styles of a concept's pictures that fit; all fit where fits is nil.
func (w *Emoji) styles(concept int, fits func(emojiPicture) bool) (styles []int) {
	for _, p := range w.concepts[concept].Pictures {
		if (fits == nil || fits(p)) && !slices.Contains(styles, p.Style) {
			styles = append(styles, p.Style)
		}
	}
	return styles
}

// shows reports whether a split has pictures of a concept in a style; the concept is one of the split's.
func (s emojiSource) shows(concept, style int) bool {
	held := s.world.heldout[concept]
	switch s.split {
	case "novel":
		return style == held
	case "all", "concepts":
		return true
	}
	return style != held
}
