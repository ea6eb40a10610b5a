package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// pictureColumn is where the pictures of a parquet file are: in the file, or beside it.
type pictureColumn struct {
	bytes *parquet.Column // nil for names alone
	path  *parquet.Column // names of picture files, relative to the parquet file; nil where there are none
}

// errNoPictures says that a parquet file has no column of pictures, and is perhaps not meant to.
var errNoPictures = errors.New("no column can hold pictures")

// choose finds the columns of a file. Empty names are filled in where one column alone can be meant; later files want the same.
// text is nil where captions may be missing and none is chosen.
func (t *tables) choose(root *parquet.Column) (picture pictureColumn, text *parquet.Column, err error) {
	if !t.told {
		switch candidates := namesOf(root, holdsPictures); {
		case len(candidates) == 0:
			return picture, nil, fmt.Errorf("%w (bytes, or struct with bytes), want --image NAME of names of picture files; columns: %s", errNoPictures, describe(root))
		case t.image != "":
		case len(candidates) == 1:
			t.image = candidates[0]
		default:
			return picture, nil, fmt.Errorf("%d columns can hold pictures (%s), want --image NAME; columns: %s", len(candidates), strings.Join(candidates, ", "), describe(root))
		}
	}
	c := find(root, t.image)
	switch {
	case c == nil:
		return picture, nil, fmt.Errorf("no column image = %q; columns: %s", t.image, describe(root))
	case holdsPictures(c) && c.Leaf():
		picture.bytes = c
	case holdsPictures(c):
		picture.bytes = c.Column("bytes")
		if path := c.Column("path"); path != nil && isText(path) {
			picture.path = path
		}
	case isText(c) && !c.Repeated():
		picture.path = c
	default:
		return picture, nil, fmt.Errorf("column image = %q is %s, want bytes of pictures, struct{bytes, path}, or names of picture files; columns: %s", t.image, kindOf(c), describe(root))
	}

	if t.text == "" && t.wordless == "" {
		candidates := slices.DeleteFunc(namesOf(root, func(c *parquet.Column) bool { leaf := textOf(c); return leaf != nil && isText(leaf) }), func(name string) bool { return name == t.image })
		switch {
		case len(candidates) == 1:
			t.text = candidates[0]
		case len(candidates) == 0:
			t.wordless = "no column can hold captions (string, or list of strings)"
		default:
			t.wordless = fmt.Sprintf("%d columns can hold captions (%s), want --text NAME", len(candidates), strings.Join(candidates, ", "))
		}
		if t.wordless != "" {
			t.wordless += "; columns: " + describe(root)
		}
	}
	if t.text == "" {
		if t.captionless {
			return picture, nil, nil
		}
		return picture, nil, errors.New(t.wordless)
	}
	c = find(root, t.text)
	if c == nil {
		return picture, nil, fmt.Errorf("no column text = %q; columns: %s", t.text, describe(root))
	}
	if text = textOf(c); text == nil {
		return picture, nil, fmt.Errorf("column text = %q is %s, want string or list of strings; columns: %s", t.text, kindOf(c), describe(root))
	}
	return picture, text, nil
}

// find looks a column up by its name, or by the names on the way to it: "json.caption".
func find(c *parquet.Column, name string) *parquet.Column {
	for _, child := range c.Columns() {
		if child.Name() == name {
			return child
		}
		if rest, ok := strings.CutPrefix(name, child.Name()+"."); ok && !child.Repeated() {
			if found := find(child, rest); found != nil {
				return found
			}
		}
	}
	return nil
}

func namesOf(root *parquet.Column, fits func(*parquet.Column) bool) (names []string) {
	for _, c := range root.Columns() {
		if fits(c) {
			names = append(names, c.Name())
		}
	}
	return names
}

// holdsPictures fits bytes, and the struct{bytes, path} that the library datasets writes.
func holdsPictures(c *parquet.Column) bool {
	if c.Leaf() {
		return isBinary(c) && !c.Repeated()
	}
	bytes := c.Column("bytes")
	return !c.Repeated() && bytes != nil && bytes.Leaf() && isBinary(bytes) && !bytes.Repeated()
}

// textOf is the column of the strings of c: c itself, or the elements of its list. It is nil where c holds no text. A column that is
// not marked as text will do, for old writers mark none.
func textOf(c *parquet.Column) *parquet.Column {
	if c.Leaf() {
		if isText(c) || isBinary(c) {
			return c
		}
		return nil
	}
	if e := elementOf(c); e != nil && e.Leaf() && (isText(e) || isBinary(e)) {
		return e
	}
	return nil
}

// elementOf is what a list is of: in three levels, as the format wants it, or in two, as old writers do. It is nil for what is no list.
func elementOf(c *parquet.Column) *parquet.Column {
	if c.Leaf() || !marked(c, deprecated.List) || len(c.Columns()) != 1 || !c.Columns()[0].Repeated() {
		return nil
	}
	list := c.Columns()[0]
	if list.Leaf() || len(list.Columns()) > 1 {
		return list
	}
	return list.Columns()[0]
}

// marked tells whether a column has one of these meanings. Newer marks are given as the older ones, where there are such.
func marked(c *parquet.Column, marks ...deprecated.ConvertedType) bool {
	mark := c.Type().ConvertedType()
	return mark != nil && slices.Contains(marks, *mark)
}

func isText(c *parquet.Column) bool {
	return c.Leaf() && c.Type().Kind() == parquet.ByteArray && marked(c, deprecated.UTF8, deprecated.Enum, deprecated.Json)
}

func isBinary(c *parquet.Column) bool {
	return c.Leaf() && c.Type().Kind() == parquet.ByteArray && c.Type().LogicalType() == nil && c.Type().ConvertedType() == nil
}

// describe lists the columns with their types, in the words of pyarrow.
func describe(root *parquet.Column) string {
	const most = 40
	var all []string
	for _, c := range root.Columns() {
		all = append(all, c.Name()+": "+kindOf(c))
	}
	if n := len(all); n > most {
		all = append(all[:most], fmt.Sprintf("and %d more", n-most))
	}
	return cmp.Or(strings.Join(all, ", "), "none")
}

func kindOf(c *parquet.Column) string {
	kind := ""
	switch e := elementOf(c); {
	case e != nil:
		return "list<" + kindOf(e) + ">"
	case !c.Leaf():
		var parts []string
		for _, child := range c.Columns() {
			parts = append(parts, child.Name()+": "+kindOf(child))
		}
		kind = "struct{" + strings.Join(parts, ", ") + "}"
	case isText(c):
		kind = "string"
	case isBinary(c):
		kind = "binary"
	default:
		kind = strings.ToLower(c.Type().String())
	}
	if c.Repeated() {
		return "list<" + kind + ">"
	}
	return kind
}
