package dataset

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Spec says which set is meant and how it is read.
type Spec struct {
	Name  string // a built-in set, a folder, shards, parquet files, or hf:OWNER/NAME
	Image string // column of parquet files with the pictures; empty for the only one that can hold them
	Text  string // column of parquet files with the captions; empty for the only one that can hold them
}

// Flags adds --data, --image and --text. what says what the set is for.
func (s *Spec) Flags(f *flag.FlagSet, what string) {
	f.StringVar(&s.Name, "data", "scenes", "`dataset`"+what+": scenes, scenes-free, emoji, fashion-mnist, cifar10, a folder of captioned pictures, WebDataset shards, parquet files, or hf:OWNER/NAME for one of the HuggingFace hub (docs/data.md)")
	f.StringVar(&s.Image, "image", "", "`column` of parquet files that holds the pictures (default: the only one that can)")
	f.StringVar(&s.Text, "text", "", "`column` of parquet files that holds the captions (default: the only one that can)")
}

// String is how the set is asked for on a command line.
func (s Spec) String() string {
	text := "--data " + s.Name
	if s.Image != "" {
		text += " --image " + s.Image
	}
	if s.Text != "" {
		text += " --text " + s.Text
	}
	return text
}

// unnamable is what names of folders go without.
var unnamable = regexp.MustCompile(`[^\w.]+`)

// Label is a name for tables and folders; Open refuses a set without one. That of a pattern is what all its files begin with, or their folder's.
func (s Spec) Label() string {
	if h, ok := onHub(s.Name); ok {
		_, name, _ := strings.Cut(h.ID, "/")
		return strings.Trim(unnamable.ReplaceAllString(name+"/"+h.inside, "-"), "-")
	}
	name := s.Name
	if i := strings.IndexAny(name, patternSigns); i >= 0 {
		if _, err := os.Stat(name); err != nil { // else it is a name
			dir, begin := filepath.Split(name[:i])
			name = filepath.Join(dir, strings.TrimRight(begin, "-_."))
		}
	}
	if full, err := filepath.Abs(name); err == nil { // "." has a name too
		name = full
	}
	return strings.Trim(filepath.Base(name), string(filepath.Separator))
}

// Origin is what a bundle remembers of its set: where the hub has it, or its label.
func (s Spec) Origin() string {
	if s.OnHub() {
		return s.Name
	}
	return s.Label()
}

// OnHub tells whether the set is one of the HuggingFace hub.
func (s Spec) OnHub() bool { _, ok := onHub(s.Name); return ok }

// CheckColumns refuses names of columns where nothing has any; why says what has none.
func (s Spec) CheckColumns(has bool, why string) error {
	if has || s.Image == "" && s.Text == "" {
		return nil
	}
	return fmt.Errorf("image = %q, text = %q name columns of parquet files, and %s", s.Image, s.Text, why)
}

// Open opens a set by name alone; see Spec.Open.
func Open(name string, size int, warn func(format string, args ...any)) (Dataset, error) {
	return Spec{Name: name}.Open(context.Background(), size, warn)
}

// Builtin tells whether the project draws the set itself.
func (s Spec) Builtin() bool { return slices.Contains(Names(), s.Name) }
