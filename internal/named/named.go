// Package named finds things by the names that users type.
package named

import (
	"fmt"
	"slices"
	"strings"
)

// Find gives the item of a name. An error says what kind of thing was asked for and lists the known names.
func Find[T any](kind, name string, all []T, nameOf func(T) string) (T, error) {
	var names []string
	for _, item := range all {
		if nameOf(item) == name {
			return item, nil
		}
		names = append(names, nameOf(item))
	}
	var none T
	return none, fmt.Errorf("%s = %q, want one of %s", kind, name, strings.Join(names, ", "))
}

// Insert keeps a list in the order of names. Two items of one name are an error of the program.
func Insert[T any](all []T, item T, nameOf func(T) string) []T {
	at, found := slices.BinarySearchFunc(all, nameOf(item), func(have T, name string) int { return strings.Compare(nameOf(have), name) })
	if found {
		panic(fmt.Errorf("%T: two are called %q", item, nameOf(item)))
	}
	return slices.Insert(all, at, item)
}
