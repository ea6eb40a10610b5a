package main

import (
	"testing"
)

func TestBarTellsHowLong(t *testing.T) {
	for _, c := range []struct {
		done, total, cached int
		want                string
	}{
		{50, 100, 0, "x [████████████············] 50/100, 5 pictures/s, 10s left"},
		{50, 100, 50, "x [████████████············] 50/100, 50 from the cache"},
		{100, 100, 20, "x [████████████████████████] 100/100, 20 from the cache, 8 pictures/s"},
	} {
		if got := barLine("x", c.done, c.total, c.cached, 10e9); got != c.want {
			t.Errorf("line = %q, want %q", got, c.want)
		}
	}
}
