package engine

import (
	"context"
	"errors"
	"fmt"
)

// library is a shared library on this machine.
type library struct {
	path   string
	source string // how it was found or came here
}

// source is one way to get a library.
type source struct {
	name    string
	fetches bool // from the network
	get     func(ctx context.Context) (string, error)
}

var (
	errAbsent     = errors.New("not there")
	errNotFetched = errors.New("not on this machine, and fetching is switched off")
)

// first is the library of the first source that has it. Those that fetch come last.
func (s setting) first(ctx context.Context, sources ...source) (library, error) {
	var failures []error
	for _, src := range sources {
		if src.fetches && !s.fetch {
			return library{}, errNotFetched
		}
		path, err := src.get(ctx)
		switch {
		case err == nil:
			return library{path, src.name}, nil
		case ctx.Err() != nil:
			return library{}, ctx.Err()
		case src.fetches:
			err = fmt.Errorf("%s: %w", src.name, err)
			fmt.Fprintf(s.progress, "engine: %s\n", oneLine(err.Error()))
			failures = append(failures, err)
		}
	}
	return library{}, errors.Join(failures...)
}
