// Package published reads the JSON configs of models that others publish. Every field is taken, known to change nothing, or refused by
// name with its value.
package published

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Config is a JSON object whose fields are still to be taken. Its first fault is that of Err.
type Config struct {
	name   string // folder and file, for errors
	fields map[string]any
	raw    map[string]json.RawMessage
	err    error
}

// Read reads a file. Fields that begin with "_" are notes of the program that wrote it; of these only _class_name is kept.
func Read(file string) *Config {
	c := &Config{name: filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file)))}
	text, err := os.ReadFile(file)
	if text = Quote(text); err == nil {
		if err = json.Unmarshal(text, &c.raw); err == nil {
			err = json.Unmarshal(text, &c.fields)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w, want a JSON object", file, err)
		}
	}
	c.err = err
	maps.DeleteFunc(c.fields, func(name string, _ any) bool { return strings.HasPrefix(name, "_") && name != "_class_name" })
	return c
}

// Of is a config of values by name: booleans, numbers, text, nil, and lists and maps of these. As in Read, numbers that JSON lacks are text.
// name is for errors.
func Of(name string, values map[string]any) *Config {
	c := &Config{name: name, fields: map[string]any{}, raw: map[string]json.RawMessage{}}
	for _, field := range slices.Sorted(maps.Keys(values)) {
		v := values[field]
		if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
			v = strings.NewReplacer("+Inf", "Infinity", "-Inf", "-Infinity").Replace(fmt.Sprint(f))
		}
		text, err := json.Marshal(v)
		if err != nil {
			c.err = cmp.Or(c.err, fmt.Errorf("%s: %s is a %T, want a value of JSON", name, field, v))
			continue
		}
		c.raw[field], c.fields[field] = text, plain(v)
	}
	return c
}

// Quote makes text of the numbers that Python writes though JSON has none such: Infinity, -Infinity and NaN.
func Quote(text []byte) []byte { return infinite.ReplaceAll(text, []byte(`$1"$2"`)) }

// Unquote is the inverse of Quote, for Python to read.
func Unquote(text []byte) []byte { return quoted.ReplaceAll(text, []byte(`$1$2`)) }

var (
	infinite = regexp.MustCompile(`(:\s*)(-?Infinity|NaN)\b`)
	quoted   = regexp.MustCompile(`(:\s*)"(-?Infinity|NaN)"`)
)

// SingleFile is the error for a checkpoint with all parts in one file, and says how to make a folder of it.
func SingleFile(file string) error {
	return fmt.Errorf("%s is a single-file checkpoint, which is not read, want a folder: diffusers makes one by StableDiffusionPipeline.from_single_file(%q).save_pretrained(\"FOLDER\"), by StableDiffusionXLPipeline for XL", file, file)
}

// Missing tells whether there is no such file.
func (c *Config) Missing() bool { return errors.Is(c.err, fs.ErrNotExist) }

// Has tells whether a field is there that nothing took, and not null.
func (c *Config) Has(field string) bool { return c.fields[field] != nil }

// Take decodes a field. One that is absent or null leaves into as it is.
func (c *Config) Take(field string, into any) {
	value, there := c.fields[field]
	delete(c.fields, field)
	if !there || value == nil || c.err != nil {
		return
	}
	if err := json.Unmarshal(c.raw[field], into); err != nil {
		c.Refuse(field, fmt.Sprintf("a value of type %s", reflect.TypeOf(into).Elem()))
	}
}

// Only refuses a field unless it is absent or one of these values.
func (c *Config) Only(field string, values ...any) {
	value, there := c.fields[field]
	delete(c.fields, field)
	if there && !slices.ContainsFunc(values, func(v any) bool { return reflect.DeepEqual(plain(v), value) }) {
		var want []string
		for _, v := range values {
			text, _ := json.Marshal(v)
			want = append(want, string(text))
		}
		c.Refuse(field, strings.Join(want, " or "))
	}
}

// OnlyAll is Only for many fields.
func (c *Config) OnlyAll(values map[string]any) {
	for _, field := range slices.Sorted(maps.Keys(values)) {
		c.Only(field, values[field])
	}
}

// Ignore drops fields that change no result.
func (c *Config) Ignore(fields ...string) {
	for _, field := range fields {
		delete(c.fields, field)
	}
}

// Refuse is the fault of a field of the file.
func (c *Config) Refuse(field, want string) {
	if c.err == nil {
		value := c.raw[field]
		if value == nil {
			value = json.RawMessage("nothing")
		}
		c.err = fmt.Errorf("%s: %s = %s, want %s", c.name, field, value, want)
	}
}

// Err is the first fault; a field that nothing took is one.
func (c *Config) Err() error {
	if names := slices.Sorted(maps.Keys(c.fields)); c.err == nil && len(names) > 0 {
		c.Refuse(names[0], "no such field: it is unknown here")
	}
	return c.err
}

// plain gives a value the types that encoding/json decodes into.
func plain(v any) (out any) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}
