package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/report"
)

// maxSeeds catches mistyped ranges.
const maxSeeds = 1000

// ParseSeeds reads a number of seeds ("4" is 1 to 4) or a list of seeds and ranges: "0-5", "7,", "1,3,8-10".
func ParseSeeds(s string) ([]int64, error) {
	bad := fmt.Errorf(`sweep: seeds = %q, want a number of seeds ("4"), or seeds and ranges ("0-5", "7,", "1,3,8-10")`, s)
	text := strings.TrimSpace(s)
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 || n > maxSeeds {
			return nil, bad
		}
		text = fmt.Sprintf("1-%d", n)
	}
	var seeds []int64
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ","), ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		a, err := strconv.ParseInt(first, 10, 64)
		b, err2 := strconv.ParseInt(last, 10, 64)
		if err != nil || err2 != nil || a < 0 || a > b || b-a >= maxSeeds {
			return nil, bad
		}
		for seed := a; seed <= b; seed++ {
			if !slices.Contains(seeds, seed) {
				seeds = append(seeds, seed)
			}
		}
	}
	return seeds, nil
}

// formatSeeds names sorted seeds: "1 to 4", "1, 3, 8 to 10".
func formatSeeds(seeds []int64) string {
	var parts []string
	for len(seeds) > 0 {
		n := 1
		for n < len(seeds) && seeds[n] == seeds[0]+int64(n) {
			n++
		}
		if n < 3 {
			n = 1
			parts = append(parts, fmt.Sprint(seeds[0]))
		} else {
			parts = append(parts, fmt.Sprintf("%d to %d", seeds[0], seeds[n-1]))
		}
		seeds = seeds[n:]
	}
	return strings.Join(parts, ", ")
}

func seedsOf(rows []report.Row) (list [][]int64) {
	for _, r := range rows {
		var seeds []int64
		for _, s := range r.BySeed {
			seeds = append(seeds, s.Seed)
		}
		if len(seeds) > 0 {
			slices.Sort(seeds)
			list = append(list, seeds)
		}
	}
	return list
}
