package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pictureExts are the extensions of pictures. Where a sample of a shard holds several, the first of this list counts.
var pictureExts = []string{"jpg", "jpeg", "png", "webp", "gif", "bmp", "jpe", "jfif"}

// Listing is what a folder, shards or parquet files hold. No picture is read yet.
type Listing struct {
	Pictures []Listed // in order of their names
	Faults   []Fault  // what cannot be used
	Notes    []string // what is left out or doubtful, counted by reason
	Shards   int      // shards and parquet files that hold pictures
	Tables   int      // parquet files that are read
	InFiles  int      // pictures that are files of their own
}

// Listed is a picture that has not been read.
type Listed struct {
	Name        string   // where it lies in the set
	Part        string   // folders, shard or parquet file, any of which may name a split
	Captions    []string // empty where none is known
	Uncaptioned error    // why its caption cannot be used; nil where it has one, or none was given
	ByContent   bool     // the name is only the number of a row: what is equal is told by the bytes
	Read        func() ([]byte, error)
}

// List lists the pictures of a folder with all folders below it, of shards and parquet files, of a pattern of them, or of a data set
// of the HuggingFace hub, which is fetched first; note, which may be nil, hears of that. Links are followed, out of a folder only where
// anywhere is set; parquet files then need no captions.
func (s Spec) List(ctx context.Context, anywhere bool, note func(format string, args ...any)) (Listing, error) {
	if note == nil {
		note = func(string, ...any) {}
	}
	var l Listing
	skipped := tally{}
	t := &tables{image: s.Image, told: s.Image != "", text: s.Text, captionless: anywhere, anywhere: anywhere, skipped: skipped}
	err := s.list(ctx, &l, t, note)
	if err != nil {
		return l, err
	}
	slices.SortStableFunc(l.Pictures, func(a, b Listed) int { return cmp.Compare(a.Name, b.Name) })
	l.Notes = skipped.notes()
	return l, nil
}

func (s Spec) list(ctx context.Context, l *Listing, t *tables, note func(string, ...any)) error {
	if h, ok := onHub(s.Name); ok {
		if h.ID == "" || strings.Contains(h.inside, "..") {
			return fmt.Errorf("%q, want %sOWNER/NAME, with /FOLDER for a part and @REVISION for a state of it", s.Name, hubPrefix)
		}
		return h.list(ctx, l, t, note)
	}
	info, err := os.Stat(s.Name)
	switch {
	case err == nil && info.IsDir():
		*l, err = newWalker(s.Name, t).list()
		return err
	case err == nil && (isShard(s.Name) || isParquet(s.Name)):
		return l.addFiles([]string{s.Name}, filepath.Dir(s.Name), t)
	case err == nil:
		return notListed(s.Name, "a file of another kind")
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case strings.ContainsAny(s.Name, patternSigns):
		files, dir, err := expandPattern(s.Name, t.skipped)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		return l.addFiles(files, dir, t)
	}
	return notListed(s.Name, "no such file or folder")
}

// addFiles lists shards and parquet files that the user named.
func (l *Listing) addFiles(files []string, dir string, t *tables) (err error) {
	if t.top, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	shards, tables := slices.DeleteFunc(slices.Clone(files), isParquet), slices.DeleteFunc(slices.Clone(files), isShard)
	if err := l.addShards(shards, dir, t.skipped); err != nil {
		return err
	}
	return l.addTables(tables, dir, t)
}

func notListed(spec, found string) error {
	return fmt.Errorf("%q (%s), want a folder of pictures, WebDataset shards *.tar, parquet files, %sOWNER/NAME, or a built-in set (%s)", spec, found, hubPrefix, strings.Join(Names(), ", "))
}

// tally counts what is left out or doubtful, by reason.
type tally map[string]*tallied

type tallied struct {
	n     int
	first string
}

func (t tally) add(reason, name string) {
	if t[reason] == nil {
		t[reason] = &tallied{first: name}
	}
	t[reason].n++
}

// notes gives one line for each reason, with the first example.
func (t tally) notes() (lines []string) {
	for _, reason := range slices.Sorted(maps.Keys(t)) {
		lines = append(lines, fmt.Sprintf("%d %s, such as %s", t[reason].n, reason, t[reason].first))
	}
	return lines
}

func isShard(name string) bool { return strings.EqualFold(filepath.Ext(name), ".tar") }

// extOf is what a name ends with, in lower case: "png", "tar.gz", or "" where there is no dot.
func extOf(name string) string {
	ext := filepath.Ext(name)
	if rest := strings.TrimSuffix(name, ext); strings.EqualFold(filepath.Ext(rest), ".tar") {
		ext = filepath.Ext(rest) + ext
	}
	return strings.ToLower(strings.TrimPrefix(ext, "."))
}

// unread is the reason for leaving out files or members of an extension.
func unread(what, ext string) string {
	switch {
	case ext == "":
		return what + " without extension are not read"
	case strings.HasPrefix(ext, "tar.") || ext == "tgz":
		return fmt.Sprintf("%s *.%s are not read, want plain *.tar", what, ext)
	}
	return fmt.Sprintf("%s *.%s are not read", what, ext)
}

// Fault is a picture that cannot be used.
type Fault struct {
	Name, Kind string // kind: missing, broken, repeated, without caption, without picture
	Err        error
}

func (f Fault) Error() string { return fmt.Sprintf("%s: %s: %v", f.Name, f.Kind, f.Err) }

// Kinds of faults that other packages tell apart or find.
const (
	Missing = "missing" // captions name a picture that is not there
	Broken  = "broken"
)

// Tolerated is how many of so many pictures may be unusable: 2 %.
func Tolerated(total int) int { return total * 2 / 100 }

// CheckFaults refuses a set with more faults than allowed, or with nothing that can be used.
func CheckFaults(faults []Fault, usable, allowed int) error {
	if len(faults) <= allowed && usable > 0 {
		return nil
	}
	var first []string
	for _, f := range sortedFaults(faults)[:min(3, len(faults))] {
		first = append(first, f.Error())
	}
	return fmt.Errorf("%s, want ≤ %d: %s", countFaults(faults, usable), allowed, strings.Join(first, "; "))
}

func countFaults(faults []Fault, usable int) string {
	count := map[string]int{}
	for _, f := range faults {
		count[f.Kind]++
	}
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", count[kind], kind))
	}
	return fmt.Sprintf("%d of %d pictures cannot be used (%s)", len(faults), len(faults)+usable, strings.Join(kinds, ", "))
}

func sortedFaults(faults []Fault) []Fault {
	return slices.SortedFunc(slices.Values(faults), func(a, b Fault) int { return cmp.Compare(a.Name, b.Name) })
}
