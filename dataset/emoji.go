package dataset

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/addlab/addlab/internal/download"
)

// Emoji is a world of real captioned pictures: emoji in three styles, resampled onto plain backgrounds. Concepts are equally frequent,
// however many tones of skin they have. Some concepts, and some pairs of concept and style, never occur in training (see Labels).
// It is endless: an index chooses concept, style, tone, background, place and caption.
type Emoji struct {
	size     int
	packages emojiPackages
	concepts []emojiConcept
	pix      []uint8 // [n,emojiSide,emojiSide,4], premultiplied RGBA

	attributes []Attribute
	category   []int // of each concept
	heldout    []int // of each concept: emojiHeldOut, the style that training never sees, or emojiKept
	splits     map[string][]int
}

var (
	_ Labelled       = (*Emoji)(nil)
	_ LabelledSource = emojiSource{}
)

func init() {
	builtin["emoji"] = func(ctx context.Context, size int, say func(string, ...any)) (Dataset, error) {
		return openEmoji(ctx, publishedEmoji, size, download.Internet, say)
	}
}

// emojiVersion changes when the same index gives another picture or caption.
const emojiVersion = 2

func openEmoji(ctx context.Context, packages emojiPackages, size int, n *download.Network, say func(string, ...any)) (*Emoji, error) {
	if size < 8 {
		return nil, fmt.Errorf("dataset: emoji size = %d, want ≥ 8", size)
	}
	w := &Emoji{size: size, packages: packages}
	var err error
	if w.concepts, w.pix, err = packages.load(ctx, n, say); err != nil {
		return nil, fmt.Errorf("dataset: emoji: %w", err)
	}
	var styles, names, categories []string
	for _, s := range packages.styles {
		styles = append(styles, s.name)
	}
	for _, c := range w.concepts {
		names = append(names, c.Name)
		if !slices.Contains(categories, c.Category) {
			categories = append(categories, c.Category)
		}
		w.category = append(w.category, slices.Index(categories, c.Category))
	}
	var backgrounds []string
	for _, b := range emojiBackgrounds {
		backgrounds = append(backgrounds, b.Name)
	}
	w.attributes = []Attribute{{"style", styles}, {"concept", names}, {"category", categories}, {"skin tone", emojiTones}, {"background", backgrounds}}
	w.split()
	return w, nil
}

// Numbers of the attributes.
const (
	styleAttribute = iota
	conceptAttribute
	categoryAttribute
	toneAttribute
	backgroundAttribute
	emojiAttributes
)

// Name implements Dataset.
func (w *Emoji) Name() string { return "emoji" }

// Hash implements Dataset.
func (w *Emoji) Hash() string {
	return fmt.Sprintf("emoji-v%d-size%d-packages-%s", emojiVersion, w.size, w.packages.pin())
}

// Train implements Dataset.
func (w *Emoji) Train() Source { return w.Labels("train") }

// Heldout gives pictures of the concepts and styles known from training with backgrounds, places and captions that training never drew.
func (w *Emoji) Heldout() Source { return w.Labels("heldout") }

// Attributes implements Labelled.
func (w *Emoji) Attributes() []Attribute { return w.attributes }

// Splits implements Labelled. Beside those of every world, "concepts" are pictures of concepts that training never saw.
func (w *Emoji) Splits() []string {
	return []string{"train", "heldout", "stated", "novel", "concepts", "all"}
}

// Labels implements Labelled. "novel" are pairs of a concept and a style that are both known from training, but not together.
func (w *Emoji) Labels(split string) LabelledSource { return emojiSource{w, split} }

// emojiSource is a split of the world.
type emojiSource struct {
	world *Emoji
	split string
}

// Len implements Source.
func (s emojiSource) Len() int { return math.MaxInt }

// Sample implements Source.
func (s emojiSource) Sample(i int) (Sample, error) { return s.Alike(i, 0) }

// Picture implements LabelledSource.
func (s emojiSource) Picture(i int) Image {
	item, _ := s.item(i)
	return s.world.paint(item)
}

// Facts implements LabelledSource.
func (s emojiSource) Facts(i int) Facts {
	_, facts := s.item(i)
	return facts
}
