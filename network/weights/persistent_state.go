package weights

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nlpodyssey/gopickle/types"
)

// maxModules, maxValues and maxNested bound the search: a container may hold itself.
const maxModules, maxValues, maxNested = 100_000, 10_000, 32

// network takes the object apart: what it was made with, its attributes, and the tensors of the modules in it.
func (o *object) network() (*Persistent, error) {
	state, ok := dict(o.state)
	if !ok {
		return nil, fmt.Errorf("%s: state is a %T, want a dict", o.class, o.state)
	}
	if args, ok := state["_init_args"].(*types.Tuple); !ok || args.Len() > 0 {
		return nil, fmt.Errorf("%s: _init_args are not recorded or not empty, want arguments by name", o.class)
	}
	given, ok := dict(state["_init_kwargs"])
	if !ok {
		return nil, fmt.Errorf("%s: _init_kwargs is a %T, want the arguments by name", o.class, state["_init_kwargs"])
	}
	p := &Persistent{Class: o.class, Arguments: map[string]any{}, Attributes: map[string]any{}, views: map[string]view{}}
	values := maxValues
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v, err := plain(given[name], 0, &values)
		if err != nil {
			return nil, fmt.Errorf("%s: argument %s %w", o.class, name, err)
		}
		p.Arguments[name] = v
	}
	for name, v := range state {
		switch v.(type) {
		case nil, bool, int, float64, string:
			p.Attributes[name] = v
		}
	}
	modules := maxModules
	if err := p.collect(o, "", 0, &modules); err != nil {
		return nil, fmt.Errorf("%s: %w", o.class, err)
	}
	return p, nil
}

// collect gathers the tensors of a module, whose names begin with prefix, and of those in it.
func (p *Persistent) collect(o *object, prefix string, deep int, left *int) error {
	if *left--; deep > maxNested || *left < 0 {
		return fmt.Errorf("more than %d modules, or more than %d in each other", maxModules, maxNested)
	}
	state, ok := dict(o.state)
	if !ok {
		return fmt.Errorf("module %q has a %T as its state, want a dict", prefix, o.state)
	}
	passing, ok := state["_non_persistent_buffers_set"].(*types.Set)
	if !ok {
		return fmt.Errorf("module %q has no _non_persistent_buffers_set, want a module of PyTorch 1.6 or later", prefix)
	}
	for _, kind := range []string{"_parameters", "_buffers"} {
		tensors, ok := dict(state[kind])
		if !ok {
			return fmt.Errorf("%s of module %q is a %T, want a dict", kind, prefix, state[kind])
		}
		for name, value := range tensors {
			if value == nil || kind == "_buffers" && passing.Has(name) {
				continue
			}
			v, ok := value.(view)
			if !ok {
				return fmt.Errorf("%s%s is a %T, want a tensor", prefix, name, value)
			}
			if err := v.check(); err != nil {
				return fmt.Errorf("tensor %q: %w", prefix+name, err)
			}
			if v.storage.dtype.IsFloat() {
				p.views[prefix+name] = v
			}
		}
	}
	modules, ok := dict(state["_modules"])
	if !ok {
		return fmt.Errorf("_modules of module %q is a %T, want a dict", prefix, state["_modules"])
	}
	for name, value := range modules {
		if value == nil {
			continue
		}
		inner, ok := value.(*object)
		if !ok {
			return fmt.Errorf("module %s%s is a %T, want a module", prefix, name, value)
		}
		if err := p.collect(inner, prefix+name+".", deep+1, left); err != nil {
			return err
		}
	}
	return nil
}

// plain converts containers of Python.
func plain(value any, deep int, left *int) (any, error) {
	if *left--; deep > maxNested || *left < 0 {
		return nil, fmt.Errorf("holds more than %d values, or more than %d containers in each other", maxValues, maxNested)
	}
	several := func(of []any) (any, error) {
		all := make([]any, 0, len(of))
		for _, v := range of {
			v, err := plain(v, deep+1, left)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return all, nil
	}
	switch v := value.(type) {
	case nil, bool, int, float64, string:
		return v, nil
	case *types.List:
		return several(*v)
	case *types.Tuple:
		return several(*v)
	}
	entries, ok := dict(value)
	if !ok {
		return nil, fmt.Errorf("is or holds a %T, want numbers, text and containers of these", value)
	}
	all := map[string]any{}
	for name, v := range entries {
		v, err := plain(v, deep+1, left)
		if err != nil {
			return nil, err
		}
		all[name] = v
	}
	return all, nil
}
