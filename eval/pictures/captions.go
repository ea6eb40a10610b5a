package pictures

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
)

// caption takes the captions from one file:
//
//   - *.jsonl, *.ndjson: lines {"file_name": …, "text": …}; of a picture's several captions the first counts;
//   - *.json: an object of names and captions;
//   - *.txt: one caption a line, in the order of the pictures' names or of the numbers in them.
//
// Names are those of the set, or only their last part, with extension or without. A shorter name that fits several pictures captions none.
func (s *Set) caption(file string) error {
	data, err := dataset.ReadFile(file)
	if err != nil {
		return fmt.Errorf("captions: %s: %w", file, err)
	}
	var rows []dataset.CaptionRow
	switch strings.ToLower(filepath.Ext(file)) {
	case ".jsonl", ".ndjson":
		if rows, err = dataset.CaptionRows(data); err != nil {
			return fmt.Errorf("captions: %s:%w", file, err)
		}
	case ".json":
		rows, err = dataset.CaptionObject(data)
	case ".txt", "":
		err = s.captionLines(data)
	default:
		return fmt.Errorf("captions = %s, want a file .jsonl, .json or .txt (one caption a line)", file)
	}
	if err != nil {
		return fmt.Errorf("captions: %s: %w", file, err)
	}
	if rows != nil {
		s.captionRows(file, rows)
	}
	return nil
}

// captionRows hands captions to the pictures that they name.
func (s *Set) captionRows(file string, rows []dataset.CaptionRow) {
	captions, more := map[string][]string{}, 0
	for _, row := range rows {
		name := path.Clean(filepath.ToSlash(row.Name))
		captions[name] = append(captions[name], strings.TrimSpace(row.Text))
	}
	fits := s.fits()
	used := map[string]bool{}
	for i, item := range s.Items {
		for length, key := range shorter(item.Name) {
			if texts := captions[key]; texts != nil && fits[key] == (fit{length, 1}) {
				s.Items[i].Caption, used[key] = texts[0], true
				if len(texts) > 1 {
					more++
				}
				break
			}
		}
	}
	s.note("%d pictures have several captions in %s, of which the first counts", more, file)
	var ambiguous []string
	for _, name := range slices.Sorted(maps.Keys(captions)) {
		if fits[name].pictures > 1 {
			ambiguous, used[name] = append(ambiguous, name), true
		}
	}
	s.note("%d names of %s fit several pictures and caption none: %s", len(ambiguous), file, strings.Join(ambiguous[:min(5, len(ambiguous))], ", "))
	unused := slices.DeleteFunc(rows, func(r dataset.CaptionRow) bool { return used[path.Clean(filepath.ToSlash(r.Name))] })
	if len(unused) > 0 {
		first := slices.MinFunc(unused, func(a, b dataset.CaptionRow) int { return strings.Compare(a.Name, b.Name) })
		s.note("%d captions of %s are of pictures that are not there: it names %s where pictures are called such as %s",
			len(unused), file, dataset.Quote(first.Name), dataset.Quote(s.Items[0].Name))
	}
}

// shorter are the names that a picture may have in a file of captions, the whole one first.
func shorter(name string) [4]string {
	stem := strings.TrimSuffix(name, path.Ext(name))
	return [4]string{name, stem, path.Base(name), path.Base(stem)}
}

// fit is how a name is found among the pictures': where in shorter it is first met, and how many pictures have it there.
type fit struct{ length, pictures int }

func (s *Set) fits() map[string]fit {
	fits := map[string]fit{}
	for length := range len(shorter("")) {
		for _, item := range s.Items {
			key := shorter(item.Name)[length]
			if f, met := fits[key]; !met || f.length == length {
				fits[key] = fit{length, f.pictures + 1}
			}
		}
	}
	return fits
}

// captionLines pairs the lines with the pictures in the order of their names. Where the numbers in the names say another order, they count.
func (s *Set) captionLines(data []byte) error {
	data, err := dataset.Text(data)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(string(data), "\r\n"), "\n")
	if len(lines) != len(s.Items) {
		return fmt.Errorf("lines = %d, want %d: one for each picture of %s", len(lines), len(s.Items), s.Name)
	}
	names := func(item Item) bool { // without an extension a name may be any word
		return path.Ext(item.Name) != "" && strings.Contains(lines[0], path.Base(item.Name))
	}
	if strings.HasPrefix(lines[0], "{") || slices.ContainsFunc(s.Items, names) {
		return fmt.Errorf("line 1 = %.60q is JSON or names a picture, want one caption a line, or a .jsonl", lines[0])
	}
	order, err := s.byNumber()
	if err != nil {
		return err
	}
	for line, i := range order {
		s.Items[i].Caption = strings.TrimSpace(lines[line])
	}
	return nil
}

var number = regexp.MustCompile(`\d+`)

// byNumber gives the places of the pictures in the order of their names. Where names differ in one number, without leading zeros, that
// order is the number's. Names of several kinds that are numbered so are ambiguous.
func (s *Set) byNumber() ([]int, error) {
	order, padded := make([]int, len(s.Items)), make([]string, len(s.Items))
	last := map[string]int{} // the latest picture whose name is the same but for numbers
	mixed := -1
	for i, item := range s.Items {
		stem := strings.TrimSuffix(item.Name, path.Ext(item.Name))
		padded[i] = number.ReplaceAllStringFunc(stem, func(n string) string { return strings.Repeat("0", max(0, 40-len(n))) + n })
		order[i] = i
		kind := number.ReplaceAllString(stem, "#")
		if before, ok := last[kind]; ok && padded[before] >= padded[i] {
			mixed = i
		}
		last[kind] = i
	}
	if mixed < 0 {
		return order, nil
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(padded[a], padded[b]) })
	distinct := len(slices.Compact(slices.Sorted(slices.Values(padded)))) == len(padded)
	if len(last) > 1 || !distinct {
		return nil, fmt.Errorf("the order of %s and %s is ambiguous, want names with leading zeros, or captions by name in a .jsonl", s.Items[mixed-1].Name, s.Items[mixed].Name)
	}
	s.note("%d captions are paired with pictures by the numbers in their names, the last with %s", len(order), s.Items[order[len(order)-1]].Name)
	return order, nil
}
