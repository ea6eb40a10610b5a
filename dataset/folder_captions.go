package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// caption gives the pictures the captions of the nearest metadata.jsonl that names them, or of a .txt beside them.
func (w *walker) caption() error {
	at := map[string]int{}
	for i, p := range w.Pictures {
		at[p.Name] = i
	}
	depth := func(name string) int { return strings.Count(name, "/") }
	slices.SortFunc(w.metadata, func(a, b string) int { return cmp.Or(depth(b)-depth(a), cmp.Compare(a, b)) })
	source := map[string]string{} // the metadata that captions a picture
	for _, file := range w.metadata {
		if err := w.readMetadata(file, at, source); err != nil {
			return fmt.Errorf("%s:%w", w.file(file), err)
		}
	}
	for i := range w.Pictures {
		p := &w.Pictures[i]
		text, ok := w.texts[withoutExt(p.Name)]
		if !ok {
			continue
		}
		if source[p.Name] != "" {
			w.skipped.add("files *.txt stand beside pictures that "+metadataName+" captions, and are not read", text)
			continue
		}
		data, err := ReadFile(w.file(text))
		var caption string
		if err == nil {
			caption, err = w.skipped.caption(data, text)
		}
		if err == nil && caption == "" {
			err = errors.New("text is empty")
		}
		if err != nil {
			p.Uncaptioned = fmt.Errorf("%s: %w", text, err)
			continue
		}
		p.Captions = []string{caption}
	}
	stems := map[string]bool{}
	for _, p := range w.Pictures {
		stems[withoutExt(p.Name)] = true
	}
	for stem, text := range w.texts {
		if !stems[stem] {
			w.unread[text] = "files *.txt caption no picture"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.unread)) {
		w.skipped.add(w.unread[name], name)
	}
	return nil
}

// readMetadata hands the captions of one metadata.jsonl to the pictures. A row may also name a file that the walk left out.
func (w *walker) readMetadata(file string, at map[string]int, source map[string]string) error {
	data, err := ReadFile(w.file(file))
	if err != nil {
		return fmt.Errorf(" %w", err)
	}
	rows, err := CaptionRows(data)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf(" empty, want %s", metadataLines)
	}
	example := "none"
	if len(w.Pictures) > 0 {
		example = Quote(w.Pictures[0].Name)
	}
	for _, row := range rows {
		local := filepath.IsLocal(filepath.FromSlash(row.Name))
		name := path.Join(path.Dir(file), row.Name)
		if !w.anywhere && (!local || w.leadsOut(name)) {
			return fmt.Errorf("%d: file_name = %q %w", row.Line, row.Name, errEscape)
		}
		i, ok := at[name]
		if !ok && local {
			switch found, err := w.find(name); {
			case errors.Is(err, errEscape):
				return fmt.Errorf("%d: file_name = %q %w", row.Line, row.Name, err)
			case err == nil:
				name = found
				if i, ok = at[name]; !ok {
					i, ok = len(w.Pictures), true
					at[name] = i
					delete(w.unread, name)
					w.picture(name)
				}
			}
		}
		switch caption, err := w.skipped.caption([]byte(row.Text), name); {
		case !ok:
			w.fault(name, Missing, fmt.Errorf("%s names %s, pictures here are called such as %s", file, Quote(row.Name), example))
		case source[name] != "" && source[name] != file:
			w.skipped.add("captions give way to a "+metadataName+" nearer to the picture", name)
		case err != nil:
			w.Pictures[i].Uncaptioned = err
		case caption == "" && len(w.Pictures[i].Captions) > 0:
			w.skipped.add("captions of pictures that have another are empty", name)
		case caption == "":
			source[name] = file
			w.Pictures[i].Uncaptioned = errors.New("text is empty")
		default:
			source[name] = file
			w.Pictures[i].Captions, w.Pictures[i].Uncaptioned = append(w.Pictures[i].Captions, caption), nil
		}
	}
	return nil
}

// find gives the name of a file that is there in the folder as the walk lists that: the given one may lead through a link. Links of
// hidden files and folders, which the walk passes by, are looked at here.
func (w *walker) find(name string) (string, error) {
	real, err := realPath(w.file(name))
	if err != nil {
		return "", err
	}
	if !w.anywhere && !slices.ContainsFunc(w.tops, func(top string) bool { rel, err := filepath.Rel(top, real); return err == nil && filepath.IsLocal(rel) }) {
		return "", errEscape
	}
	folder, err := realPath(filepath.Dir(w.file(name)))
	if err != nil {
		return "", err
	}
	if listed, ok := w.seen[folder]; ok {
		name = path.Join(listed, path.Base(name))
	}
	return name, nil
}

// leadsOut tells a name below a link that is not followed.
func (w *walker) leadsOut(name string) bool {
	for ; name != "." && name != "/"; name = path.Dir(name) {
		if w.outside[name] {
			return true
		}
	}
	return false
}
