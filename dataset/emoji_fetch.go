package dataset

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/npm"
)

// emojiSide is the side of the pictures in the cache.
const emojiSide = 64

// emojiCacheVersion changes when the same packages give another cache.
const emojiCacheVersion = 1

// emojiStyle is a set of pictures of emoji by one publisher.
type emojiStyle struct {
	name, title, licence string
	pack                 npm.Package
	folder               string // of the pictures in the package; they are named by code points
}

// emojiPackages are what the world is made of.
type emojiPackages struct {
	styles []emojiStyle
	names  npm.Package // names, keywords and categories
}

var publishedEmoji = emojiPackages{
	styles: []emojiStyle{
		{"noto", "Noto Emoji by Google", "Apache-2.0", npm.Package{Name: "emoji-datasource-google", Version: "16.0.0", Size: 74344091,
			Integrity: "sha512-ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A=="}, "img/google/64"},
		{"twemoji", "Twemoji by Twitter and contributors", "CC BY 4.0", npm.Package{Name: "emoji-datasource-twitter", Version: "16.0.0", Size: 61683754,
			Integrity: "sha512-7F+uCuHH+7Qnrc15P5tnbvKkg9E6tlzi4MnT2uW1RlN4pLYTza6cP/dstIfSDMtpjFLWuZewWg8jBbuL2eyELQ=="}, "img/twitter/64"},
		{"fluent", "Fluent Emoji (3D) by Microsoft", "MIT", npm.Package{Name: "@lobehub/fluent-emoji-3d", Version: "1.1.0", Size: 15792027,
			Integrity: "sha512-Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQjKoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g=="}, "assets"},
	},
	names: npm.Package{Name: "emojibase-data", Version: "17.0.0", Size: 6711091,
		Integrity: "sha512-Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA=="},
}

// all lists the packages.
func (p emojiPackages) all() (packages []npm.Package) {
	for _, s := range p.styles {
		packages = append(packages, s.pack)
	}
	return append(packages, p.names)
}

// pin is a checksum of all packages and of what is made of them.
func (p emojiPackages) pin() string {
	h := sha256.New()
	fmt.Fprintf(h, "emoji cache %d, side %d\n", emojiCacheVersion, emojiSide)
	for _, pack := range p.all() {
		fmt.Fprintln(h, pack, pack.Integrity)
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:16]
}

// Files of the cache.
const (
	emojiIndex    = "emoji.json"
	emojiPictures = "pictures.gz" // [n,emojiSide,emojiSide,4] bytes, premultiplied RGBA
)

// load reads the cache, which it fills first if need be: also where its files are damaged.
func (p emojiPackages) load(ctx context.Context, n *download.Network, say func(format string, args ...any)) (concepts []emojiConcept, pix []uint8, err error) {
	entry := download.Entry{Folder: "datasets", Name: "emoji", Pin: p.pin()}
	if dir, ok := entry.Find(); ok {
		concepts, pix, damage := readEmojiCache(dir)
		if damage == nil {
			return concepts, pix, nil
		}
		say("emoji: %v: fetching the pictures anew", damage)
		if err := entry.Drop(); err != nil && !errors.Is(err, fs.ErrNotExist) { // another process may be faster
			return nil, nil, errors.Join(damage, err)
		}
	}
	wait := func() { say("emoji: another process is fetching the pictures, waiting for it") }
	dir, err := entry.Make(ctx, wait, func(_, dir string) error { return p.fetch(ctx, dir, n, say) })
	if err != nil {
		return nil, nil, err
	}
	return readEmojiCache(dir)
}

// readEmojiCache reads the files in dir to their ends, for gzip's checksum is behind the data.
func readEmojiCache(dir string) (concepts []emojiConcept, pix []uint8, err error) {
	data, err := os.ReadFile(filepath.Join(dir, emojiIndex))
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(data, &concepts); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", filepath.Join(dir, emojiIndex), err)
	}
	file, err := os.Open(filepath.Join(dir, emojiPictures))
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	pictures := 0
	for _, c := range concepts {
		pictures += len(c.Pictures)
	}
	pix = make([]uint8, pictures*emojiSide*emojiSide*4)
	z, err := gzip.NewReader(file)
	if err == nil {
		_, err = io.ReadFull(z, pix)
	}
	if err == nil {
		var more int64
		if more, err = io.Copy(io.Discard, z); more > 0 {
			err = fmt.Errorf("%d bytes after %d pictures", more, pictures)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return concepts, pix, nil
}

// fetch brings the packages and writes the cache into dir.
func (p emojiPackages) fetch(ctx context.Context, dir string, n *download.Network, say func(format string, args ...any)) error {
	root, err := download.Dir("npm")
	if err != nil {
		return err
	}
	files := map[npm.Package]string{}
	for _, pack := range p.all() {
		files[pack], err = pack.Fetch(ctx, root, func(format string, args ...any) { say("emoji: "+format, args...) }, n)
		if err != nil {
			var specs []string
			for _, other := range p.all() {
				specs = append(specs, other.String())
			}
			return fmt.Errorf("its pictures are not on this machine and %s does not come: %w (`npm pack %s` elsewhere writes files that can be put into %s)",
				pack, err, strings.Join(specs, " "), root)
		}
	}
	say("emoji: resampling the pictures …")
	concepts, pix, err := p.read(files, dir)
	if err != nil {
		return err
	}
	index, err := json.Marshal(concepts)
	if err != nil {
		return err
	}
	err = errors.Join(
		atomicfile.Write(filepath.Join(dir, emojiIndex), func(w io.Writer) error { _, err := w.Write(index); return err }),
		atomicfile.Write(filepath.Join(dir, emojiPictures), func(w io.Writer) error {
			z := gzip.NewWriter(w)
			_, err := z.Write(pix)
			return errors.Join(err, z.Close())
		}),
		atomicfile.Write(filepath.Join(dir, "LICENCES.txt"), func(w io.Writer) error { _, err := io.WriteString(w, p.licences()); return err }),
	)
	if err != nil {
		return err
	}
	for _, file := range files { // all of them are in the cache now
		_ = os.Remove(file)
	}
	say("emoji: %d pictures of %d concepts; licences: %s", len(pix)/(emojiSide*emojiSide*4), len(concepts), strings.ReplaceAll(strings.TrimSpace(p.licences()), "\n", "; "))
	return nil
}

// licences names what is used and under which terms, a line for each.
func (p emojiPackages) licences() string {
	var b strings.Builder
	for _, s := range p.styles {
		fmt.Fprintf(&b, "%s, %s (npm %s)\n", s.title, s.licence, s.pack)
	}
	fmt.Fprintf(&b, "names and keywords by Emojibase, MIT (npm %s)\n", p.names)
	return b.String()
}

// keepLicence copies licences and readme files of a package, which say where its pictures come from, to the folder dir.
func keepLicence(dir string, pack npm.Package, name string, r io.Reader) error {
	if name != "LICENSE" && name != "README.md" {
		return nil
	}
	text := strings.TrimSuffix(pack.File(), path.Ext(pack.File())) + "-" + name
	return atomicfile.Write(filepath.Join(dir, text), func(w io.Writer) error { _, err := io.Copy(w, r); return err })
}
