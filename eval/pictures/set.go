package pictures

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
)

// Set is a list of pictures in a fixed order, that of their names.
type Set struct {
	Name   string           // as it was asked for
	Kind   string           // "folder", "shards", "scenes" or "run"
	Tables int              // parquet files that were read
	World  dataset.Labelled // for "scenes"
	Items  []Item
	Faults []dataset.Fault // what the listing cannot use
	Notes  []string        // what the user may want to know of the listing
}

// Item is a picture that is not read yet.
type Item struct {
	Name    string
	Caption string // "" where none is known
	Read    func() (Content, error)
}

// Content is a picture that is read and not decoded yet.
type Content struct {
	Hash          Hash
	Format        string // "PNG", "JPEG", …, or "drawn"
	Width, Height int
	Note          string // what is peculiar about it
	Decode        func() (extractor.RGB, error)
}

// Hash identifies the pixels of a picture: equal hashes decode to equal pixels.
type Hash [sha256.Size]byte

// A version changes when the same file decodes to other pixels.
const (
	decoderVersion = "1"
	gifVersion     = "2"
)

// NewHash hashes what a picture is made of.
func NewHash(parts ...string) Hash {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return Hash(h.Sum(nil))
}

// NewContent reads the header of an encoded picture.
func NewContent(data []byte) (Content, error) {
	e, err := readHeader(data)
	if err != nil {
		return Content{}, err
	}
	version := decoderVersion
	if e.Format == "GIF" {
		version = gifVersion
	}
	hash := sha256.New()
	hash.Write([]byte("picture " + version + "\n"))
	hash.Write(data)
	note := ""
	if e.Format == "PNG" && len(data) > 25 && data[24] == 16 && data[25] == 0 {
		note = "16-bit grey: the upper 8 bits are taken (Pillow would clip at 255)"
	}
	return Content{
		Hash: Hash(hash.Sum(nil)), Format: e.Format, Width: e.Width, Height: e.Height, Note: note,
		Decode: func() (extractor.RGB, error) { return decode(e) },
	}, nil
}
