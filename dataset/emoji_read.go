package dataset

import (
	"encoding/json"
	"fmt"
	"image"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/image/draw"

	"github.com/addlab/addlab/internal/npm"
	"github.com/addlab/addlab/internal/parallel"
	"github.com/addlab/addlab/network/tokenizer"
)

// emojiConcept is what an emoji means, with all its pictures.
type emojiConcept struct {
	Name     string         `json:"name"`
	Category string         `json:"category"`
	Keywords []string       `json:"keywords,omitempty"`
	Pictures []emojiPicture `json:"pictures"` // by style, then by tone
}

// emojiPicture is one of the pictures of a concept.
type emojiPicture struct {
	Style int `json:"style"` // number of the style
	Tone  int `json:"tone"`  // of skin, 0 for yellow or none
	Row   int `json:"row"`   // of the file of pictures
}

// emojiName is an entry of emojibase's data.json.
type emojiName struct {
	Label   string      `json:"label"`
	Hexcode string      `json:"hexcode"`
	Tags    []string    `json:"tags"`
	Group   *int        `json:"group"`
	Tone    any         `json:"tone"` // a number, or a list of several people's
	Skins   []emojiName `json:"skins"`
}

// emojiNames are the files that name emoji.
type emojiNames struct {
	emoji  []emojiName
	groups map[int]string
}

// componentGroup is of parts of emoji, such as hair, which are no pictures of something.
const componentGroup = "component"

// read makes concepts and pictures of the packages' files, and copies licences to dir.
func (p emojiPackages) read(files map[npm.Package]string, dir string) (concepts []emojiConcept, pix []uint8, err error) {
	names, err := p.readNames(files[p.names], dir)
	if err != nil {
		return nil, nil, err
	}
	pictures := make([]map[string][]uint8, len(p.styles)) // encoded, by code points
	for i, s := range p.styles {
		pictures[i] = map[string][]uint8{}
		err := npm.Read(files[s.pack], func(name string, r io.Reader) error {
			folder, base := path.Split(name)
			if folder != s.folder+"/" {
				return keepLicence(dir, s.pack, name, r)
			}
			code := codePoints(strings.TrimSuffix(base, path.Ext(base)))
			if pictures[i][code] != nil { // some are there under two names
				return nil
			}
			data, err := io.ReadAll(r)
			pictures[i][code] = data
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}

	var encoded [][]uint8
	for _, e := range names.emoji {
		if e.Group == nil || names.groups[*e.Group] == "" {
			continue
		}
		c := emojiConcept{Name: e.Label, Category: names.groups[*e.Group], Keywords: e.Tags}
		for style := range p.styles {
			for _, variant := range append([]emojiName{e}, e.Skins...) {
				tone, single := variant.Tone.(float64)
				data := pictures[style][codePoints(variant.Hexcode)]
				if data == nil || variant.Tone != nil && !single { // of several people in several tones there would be too many
					continue
				}
				c.Pictures = append(c.Pictures, emojiPicture{style, int(tone), len(encoded)})
				encoded = append(encoded, data)
			}
		}
		if c.Pictures != nil {
			concepts = append(concepts, c)
		}
	}
	keepShared(concepts)

	const area = emojiSide * emojiSide * 4
	pix, errs := make([]uint8, len(encoded)*area), make([]error, len(encoded))
	parallel.For(len(encoded), func(i int) { errs[i] = decodeEmoji(pix[i*area:(i+1)*area], encoded[i]) })
	for _, c := range concepts {
		for _, p := range c.Pictures {
			if errs[p.Row] != nil {
				return nil, nil, fmt.Errorf("%s: %w", c.Name, errs[p.Row])
			}
		}
	}
	return concepts, pix, nil
}

func (p emojiPackages) readNames(file, dir string) (names emojiNames, err error) {
	var messages struct {
		Groups []struct {
			Key     string `json:"key"`
			Message string `json:"message"`
			Order   int    `json:"order"`
		} `json:"groups"`
	}
	err = npm.Read(file, func(name string, r io.Reader) error {
		switch name {
		case "en/data.json":
			return json.NewDecoder(r).Decode(&names.emoji)
		case "en/messages.json":
			return json.NewDecoder(r).Decode(&messages)
		}
		return keepLicence(dir, p.names, name, r)
	})
	names.groups = map[int]string{}
	for _, g := range messages.Groups {
		if g.Key != componentGroup {
			names.groups[g.Order] = g.Message
		}
	}
	return names, err
}

// codePoints is a name of an emoji by code points that all packages agree on: in lower case, without leading zeros and without the
// selector of its coloured form, which not all write.
func codePoints(name string) string {
	parts := strings.Split(strings.ReplaceAll(strings.ToLower(name), "_", "-"), "-")
	for i := range parts {
		parts[i] = strings.TrimLeft(parts[i], "0")
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "fe0f" }), "-")
}

// keepShared drops keywords of few concepts, which a text encoder could not learn, and those that the name says anyway.
func keepShared(concepts []emojiConcept) {
	const least = 3
	counts := map[string]int{}
	for _, c := range concepts {
		for _, k := range c.Keywords {
			counts[k]++
		}
	}
	for i, c := range concepts {
		words := tokenizer.Split(c.Name)
		concepts[i].Keywords = slices.DeleteFunc(slices.Clone(c.Keywords), func(k string) bool {
			return counts[k] < least || slices.Contains(words, strings.ToLower(k))
		})
	}
}

// decodeEmoji brings a picture to premultiplied RGBA of the cache's side, [emojiSide,emojiSide,4].
func decodeEmoji(to []uint8, data []byte) error {
	e, err := ReadHeader(data)
	if err != nil {
		return err
	}
	m, err := e.Decode()
	if err != nil {
		return err
	}
	dst := &image.RGBA{Pix: to, Stride: 4 * emojiSide, Rect: image.Rect(0, 0, emojiSide, emojiSide)}
	size := m.Bounds().Size() // a few are no squares: the longer side fills the picture
	fit := size.Mul(emojiSide).Div(max(size.X, size.Y))
	corner := image.Pt(emojiSide, emojiSide).Sub(fit).Div(2)
	draw.CatmullRom.Scale(dst, image.Rectangle{Min: corner, Max: corner.Add(fit)}, m, m.Bounds(), draw.Src, nil)
	return nil
}
