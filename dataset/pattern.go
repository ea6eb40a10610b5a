package dataset

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const maxShards = 100_000

// patternSigns tell a pattern from a name.
const patternSigns = "*?[{"

// expandPattern lists the shards and parquet files of a pattern with braces ({00..12}, {a,b}) or globs (*, ?, […]), and the folder before
// the first of them, which names are relative to.
func expandPattern(spec string, skipped tally) (shards []string, dir string, err error) {
	braced, err := expandBraces(spec)
	if err != nil {
		return nil, "", err
	}
	for _, file := range braced {
		matches := []string{file}
		if strings.ContainsAny(file, "*?[") {
			if matches, err = filepath.Glob(file); err != nil {
				return nil, "", err
			}
		}
		before := len(shards)
		for _, m := range matches {
			if isShard(m) || isParquet(m) {
				shards = append(shards, m)
			} else {
				skipped.add("files of the pattern are no shards *.tar and no *.parquet", m)
			}
		}
		if len(shards) == before {
			return nil, "", fmt.Errorf("%s matches no shard *.tar and no *.parquet", file)
		}
	}
	slices.Sort(shards)
	return slices.Compact(shards), filepath.Dir(spec[:strings.IndexAny(spec, patternSigns)] + "x"), nil
}

// expandBraces replaces each {a,b} by its words and each {08..10} by its numbers, as shells do.
func expandBraces(s string) ([]string, error) {
	before, rest, ok := strings.Cut(s, "{")
	if !ok {
		return []string{s}, nil
	}
	inner, after, ok := strings.Cut(rest, "}")
	if !ok || strings.Contains(inner, "{") {
		return nil, errors.New("braces = unbalanced or nested, want {00..12} or {a,b}")
	}
	words := strings.Split(inner, ",")
	if low, high, ok := strings.Cut(inner, ".."); ok {
		a, errA := strconv.ParseUint(low, 10, 32)
		b, errB := strconv.ParseUint(high, 10, 32)
		if errA != nil || errB != nil || a > b || b-a >= maxShards {
			return nil, fmt.Errorf("braces = {%s}, want a range {00..12} of at most %d shards", inner, maxShards)
		}
		words = nil
		for ; a <= b; a++ {
			words = append(words, fmt.Sprintf("%0*d", len(low), a))
		}
	}
	tails, err := expandBraces(after)
	if err != nil {
		return nil, err
	}
	if len(words)*len(tails) > maxShards {
		return nil, fmt.Errorf("braces = %d shards, want ≤ %d", len(words)*len(tails), maxShards)
	}
	var all []string
	for _, word := range words {
		for _, tail := range tails {
			all = append(all, before+word+tail)
		}
	}
	return all, nil
}
