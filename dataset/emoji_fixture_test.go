package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"
	"testing"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/npm"
	"github.com/addlab/addlab/internal/npmtest"
)

// inside is the colour of a made-up emoji, by style, colour and thing of the concept, and tone. Dogs look like cats.
func inside(style, colour, thing, tone int) color.NRGBA {
	return color.NRGBA{uint8(40 + 80*style), uint8(20*colour + 4*max(thing-1, 0)), uint8(40 * tone), 255}
}

// fakePNG is a picture of one colour with a clear rim, under which lies a green that must never show.
func fakePNG(t testing.TB, side int, c color.NRGBA) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			m.SetNRGBA(x, y, c)
			if min(x, y, side-1-x, side-1-y) < side/8 {
				m.SetNRGBA(x, y, color.NRGBA{0, 255, 0, 0})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	fakeColours = []string{"red", "blue", "green", "pink", "brown", "gray", "gold", "lime"}
	fakeThings  = []string{"cat", "dog", "car", "cake", "hand"}
)

// fakeEmoji publishes a small set: 40 concepts such as "red cat". Hands have five tones of skin besides yellow; one has a sixth of several
// people. The third style lacks gray things.
func fakeEmoji(t testing.TB) emojiPackages {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	registry := npmtest.Serve(t)
	var names []map[string]any
	files := [3][]string{}
	add := func(code string, colour, thing, tone int) {
		for style := range files {
			name := code
			if style == 2 { // writes code points otherwise
				name = "00" + strings.ReplaceAll(code, "-", "_") + "-fe0f"
			}
			if style < 2 || fakeColours[colour] != "gray" {
				files[style] = append(files[style], fmt.Sprintf("img/%s.png", name), fakePNG(t, []int{64, 32, 128}[style], inside(style, colour, thing, tone)))
			}
		}
	}
	for thing, what := range fakeThings {
		for colour, which := range fakeColours {
			code := fmt.Sprintf("1f%d%d0", thing, colour)
			entry := map[string]any{"label": which + " " + what, "hexcode": strings.ToUpper(code), "group": thing / 3, "tags": []string{which, "thing", fmt.Sprint("kind ", thing), "only " + code}}
			add(code, colour, thing, 0)
			if what == "hand" {
				var skins []map[string]any
				for tone := 1; tone <= 5; tone++ {
					skin := fmt.Sprintf("%s-1f3f%d", code, tone)
					skins = append(skins, map[string]any{"hexcode": skin, "tone": tone})
					add(skin, colour, thing, tone)
				}
				entry["skins"] = append(skins, map[string]any{"hexcode": code + "-1f3f1-1f3f2", "tone": []int{1, 2}})
				add(code+"-1f3f1-1f3f2", colour, thing, 5)
			}
			names = append(names, entry)
		}
	}
	names = append(names, map[string]any{"label": "red hair", "hexcode": "1F000", "group": 2}, map[string]any{"label": "letter", "hexcode": "1F001"})
	add("1f000", 0, 0, 0)
	add("1f001", 0, 0, 0)
	data, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	const groups = `{"groups": [{"key": "a", "message": "animals & more", "order": 0}, {"key": "b", "message": "others", "order": 1}, {"key": "component", "message": "components", "order": 2}]}`

	var p emojiPackages
	publish := func(name string, files ...string) npm.Package {
		tar := npmtest.Pack(t, append([]string{"LICENSE", "free to use", "index.js", "no"}, files...)...)
		pack := npmtest.Pinned(name, "1.0.0", tar)
		registry.Add(pack, tar)
		return pack
	}
	for style, name := range []string{"flat", "round", "@deep/fake"} {
		p.styles = append(p.styles, emojiStyle{strings.TrimPrefix(name, "@deep/"), "Fake " + name, "none", publish(name, files[style]...), "img"})
	}
	p.names = publish("names", "en/data.json", string(data), "en/messages.json", groups, "de/data.json", "[]")
	return p
}

var fakeWorld struct {
	sync.Once
	*Emoji
}

// openFake opens the small set, which is fetched and resampled once.
func openFake(t testing.TB, size int) *Emoji {
	t.Helper()
	fakeWorld.Do(func() {
		w, err := openEmoji(t.Context(), fakeEmoji(t), size, npmtest.Network(), func(string, ...any) {})
		if err != nil {
			t.Fatal(err)
		}
		fakeWorld.Emoji = w
	})
	w := *fakeWorld.Emoji
	w.size = size
	return &w
}

// off is a network that nothing may use.
var off = &download.Network{}
