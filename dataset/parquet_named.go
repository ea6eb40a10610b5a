package dataset

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// namedPicture is a picture file of a listing.
type namedPicture struct {
	at        int
	captioned bool // by what stands beside it
	claimed   bool // by a row
}

// names gives the name of a picture file for each row whose picture is not in the parquet file, "" where there is none; nil where all
// pictures are in it.
func (c pictureColumn) names(f *parquet.File) ([][]string, error) {
	if c.path == nil {
		return nil, nil
	}
	if c.bytes == nil {
		return texts(f, c.path)
	}
	if !slices.ContainsFunc(f.Metadata().RowGroups, func(g format.RowGroup) bool { return mayHoldNulls(g.Columns[c.bytes.Index()].MetaData) }) {
		return nil, nil
	}
	names, err := texts(f, c.path)
	if err != nil {
		return nil, err
	}
	err = scanColumn(f, c.bytes, func(row int, v parquet.Value) {
		switch {
		case !v.IsNull():
			names[row] = nil
		case names[row] == nil: // nowhere
			names[row] = []string{""}
		}
	})
	return names, err
}

// mayHoldNulls asks the statistics of a chunk. The library gives zeros for those that the file lacks, so a count of 0 needs another
// number beside it; pyarrow keeps no bounds of values above 4 KB, but newer ones a histogram.
func mayHoldNulls(m format.ColumnMetaData) bool {
	if levels := m.SizeStatistics.DefinitionLevelHistogram; len(levels) > 0 {
		return levels[len(levels)-1] < m.NumValues
	}
	s := m.Statistics
	return s.NullCount > 0 || len(s.Min)+len(s.Max)+len(s.MinValue)+len(s.MaxValue) == 0
}

// addNamed adds the captions of a row to the picture file that it names. Several rows may name one.
func (l *Listing) addNamed(file, table, name string, row Listed, t *tables) error {
	if strings.Contains(name, "://") {
		return fmt.Errorf("image = %q, want the picture itself or the name of a file: addresses are not fetched", name)
	}
	place, err := t.place(file, name)
	if err != nil {
		return err
	}
	if t.named == nil {
		t.named = map[string]*namedPicture{}
		for i, p := range l.Pictures {
			t.named[p.Name] = &namedPicture{at: i, captioned: len(p.Captions) > 0 || p.Uncaptioned != nil}
		}
	}
	full := path.Join(path.Dir(table), filepath.ToSlash(name))
	known := t.named[full]
	if known == nil {
		if _, err := os.Stat(place); err != nil {
			l.Faults = append(l.Faults, Fault{full, Missing, fmt.Errorf("%s names %s: %w", row.Name, Quote(name), withoutPath(err))})
			return nil
		}
		known = &namedPicture{at: len(l.Pictures)}
		t.named[full] = known
		l.Pictures = append(l.Pictures, Listed{Name: full, Part: path.Dir(name), Read: func() ([]byte, error) { return ReadFile(place) }})
	}
	p := &l.Pictures[known.at]
	if !known.claimed {
		p.Part, known.claimed = path.Join(table, p.Part), true // either may name a split
	}
	switch {
	case known.captioned:
		t.skipped.add("captions of parquet files give way to those of "+metadataName+" or .txt", full)
	case len(row.Captions) > 0:
		p.Captions, p.Uncaptioned = append(p.Captions, row.Captions...), nil
	case len(p.Captions) == 0:
		p.Uncaptioned = row.Uncaptioned
	}
	return nil
}

// place is the picture file that a row names, relative to its parquet file. It lies in the set unless it may lie anywhere.
func (t *tables) place(file, name string) (string, error) {
	if t.anywhere && filepath.IsAbs(name) {
		return name, nil
	}
	place := filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
	if t.anywhere {
		return place, nil
	}
	if filepath.IsLocal(filepath.FromSlash(name)) {
		real, err := filepath.EvalSymlinks(place)
		if err != nil { // it is missing, which is said later
			return place, nil
		}
		if rel, err := filepath.Rel(t.top, real); err == nil && filepath.IsLocal(rel) {
			return place, nil
		}
	}
	return "", fmt.Errorf("image = %q %w", name, errEscape)
}
