package report

import (
	"io"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/internal/atomicfile"
)

// WriteAll writes t into a folder in all its forms, and the times of its rows if any are known. It returns the paths.
func WriteAll(dir string, t, times Table) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	type file struct {
		name   string
		encode func(io.Writer) error
	}
	files := []file{{"table.md", t.Markdown}, {"table.csv", t.CSV}, {"table.json", t.JSON}, {"table.tex", t.LaTeX}, {"table.txt", t.Plain}, {"metrics.png", t.PNG}}
	if len(times.Rows)+len(times.References) > 0 {
		files = append(files, file{"times.json", times.JSON})
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := WriteFile(path, f.encode); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// WriteFile writes what encode gives, such as Grid.PNG or Curves.PNG. On error the file stays as it was.
func WriteFile(path string, encode func(io.Writer) error) error {
	return atomicfile.Write(path, encode)
}
