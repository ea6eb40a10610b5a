package dataset

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// tables reads parquet files, whose rows are pictures with captions.
type tables struct {
	image, text string // columns; empty until a file decides
	told        bool   // image is the user's choice
	wordless    string // why no column of captions is chosen
	captionless bool   // that is no error
	anywhere    bool   // names of pictures may lead out of the folder of their parquet file
	top         string // the real folder of the set
	skipped     tally
	cache       pageCache
	named       map[string]*namedPicture // where rows name picture files; nil before the first
}

func isParquet(name string) bool { return strings.EqualFold(filepath.Ext(name), ".parquet") }

// addTables lists parquet files. Names and parts are relative to dir.
func (l *Listing) addTables(files []string, dir string, t *tables) error {
	for _, file := range files {
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if err := l.addTable(file, name[:len(name)-len(".parquet")], t); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (l *Listing) addTable(file, table string, t *tables) error {
	f, err := openParquet(file)
	if err != nil {
		return err
	}
	picture, text, err := t.choose(f.Root())
	if err != nil {
		return err
	}
	for _, leaf := range []*parquet.Column{picture.bytes, picture.path, text} {
		if err := compressed(f, leaf); err != nil {
			return err
		}
	}
	var captions [][]string
	if text == nil {
		t.skipped.add("parquet files are read without captions: "+t.wordless, table+".parquet")
	} else if captions, err = texts(f, text); err != nil {
		return fmt.Errorf("column %s: %w", t.text, err)
	}
	names, err := picture.names(f)
	if err != nil {
		return fmt.Errorf("column %s: %w", t.image, err)
	}
	l.Tables++
	var rows *pictureRows
	if picture.bytes != nil {
		rows = newPictureRows(f, picture.bytes, &t.cache)
		l.Shards++
	}
	for row := range f.NumRows() {
		name := fmt.Sprintf("%s/%08d", table, row)
		p := Listed{Name: name, Part: table, ByContent: true, Read: func() ([]byte, error) { return rows.read(row) }}
		if text != nil {
			p.Captions, p.Uncaptioned = t.skipped.captions(captions[row], name)
		}
		switch {
		case names == nil || names[row] == nil && picture.bytes != nil:
			l.Pictures = append(l.Pictures, p)
		case names[row] == nil || names[row][0] == "":
			l.Faults = append(l.Faults, Fault{name, Broken, errors.New("no picture (null)")})
		default:
			if err := l.addNamed(file, table, names[row][0], p, t); err != nil {
				return fmt.Errorf("row %d: %w", row, err)
			}
		}
	}
	return nil
}

// captions makes the captions of a row: none where it has none at all, each one where it has several.
func (t tally) captions(all []string, name string) (captions []string, err error) {
	blank := false
	for _, s := range all {
		caption, wrong := t.caption([]byte(s), name)
		switch {
		case wrong != nil:
			err = wrong
		case caption == "":
			blank = true
		default:
			captions = append(captions, caption)
		}
	}
	if blank && err == nil {
		err = errors.New("text is empty")
	}
	if err != nil && len(captions) > 0 {
		t.add("captions of pictures that have another are empty or cannot be used", name)
		err = nil
	}
	return captions, err
}
