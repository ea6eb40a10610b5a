package distill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/addlab/addlab/internal/check"
)

// Settings are the fields of a method that Config.Method names: a struct, whose value says which method it is.
type Settings interface {
	// validate wants of a config what the method needs, its own settings among it.
	validate(f *check.Fields, c Config)
	method(s setup) Method
}

// Named holds a method's settings. In JSON it is {"NAME": {FIELDS}}: fields that are left out have the method's defaults, and fields that
// the method does not have are refused.
type Named struct{ Settings }

// named are the defaults of all methods by name. It is filled while the package starts.
var named = map[string]Settings{}

// registerMethod makes a method known by a name.
func registerMethod(name string, defaults Settings) Settings {
	named[name] = defaults
	return defaults
}

// Name is the method's, "" where there are no settings.
func (n Named) Name() string {
	for name, s := range named {
		if reflect.TypeOf(s) == reflect.TypeOf(n.Settings) {
			return name
		}
	}
	return ""
}

// MarshalJSON writes all fields.
func (n Named) MarshalJSON() ([]byte, error) {
	if n.Settings == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]Settings{n.Name(): n.Settings})
}

// UnmarshalJSON reads a method's settings over its defaults.
func (n *Named) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	for name, text := range fields {
		defaults, ok := named[name]
		if !ok || len(fields) > 1 {
			return fmt.Errorf("distill: method = %q, want one of %q", slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(named)))
		}
		v := reflect.New(reflect.TypeOf(defaults))
		v.Elem().Set(reflect.ValueOf(defaults))
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(v.Interface()); err != nil {
			return fmt.Errorf("distill: method.%s: %w", name, err)
		}
		n.Settings = v.Elem().Interface().(Settings)
	}
	return nil
}

// validate wants what holds for every named method: none has the terms and draws of ADD and of consistency that it does not ask for.
func (n *Named) validate(f *check.Fields, c Config) {
	if n == nil || f.Err != nil { // settings rely on times
		return
	}
	if n.Settings == nil {
		f.Want(false, "method", "{}", fmt.Sprintf("one of %q", slices.Sorted(maps.Keys(named))))
		return
	}
	name := n.Name()
	f.Want(c.Consistency == nil, "consistency", c.Consistency, "none beside the method "+name)
	f.Want(!c.SignalLeak, "signal_leak", c.SignalLeak, "false with the method "+name+", which begins at pure noise")
	f.Want(c.LambdaDecay == 0 && c.TeacherSteps <= 1, "lambda_decay, teacher_steps", fmt.Sprint(c.LambdaDecay, ", ", c.TeacherSteps), "0 and 1 with the method "+name)
	f.Want(!c.DistillPixels, "distill_pixels", true, "false with the method "+name+", whose distances are between latents")
	f.Want(c.Pure == 0, "pure", c.Pure, "0 with the method "+name+", which draws its own times")
	n.Settings.validate(f, c)
}

// withoutDiscriminator wants of a config that nothing but the method's own loss moves the student.
func withoutDiscriminator(f *check.Fields, c Config) {
	name := c.Method.Name()
	f.Want(c.Adversarial == 0, "adversarial", c.Adversarial, "0 with the method "+name+", which has no discriminator")
	f.Want(c.Lambda > 0, "lambda", c.Lambda, "> 0 with the method "+name+", whose only loss it weighs")
	f.Want(c.Matching == nil, "matching", c.Matching, "none beside the method "+name)
}
