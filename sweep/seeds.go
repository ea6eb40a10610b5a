package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	for i := 0; i < len(seeds); {
		end := i
		for end+1 < len(seeds) && seeds[end+1] == seeds[end]+1 {
			end++
		}
		switch {
		case end > i+1:
			parts = append(parts, fmt.Sprintf("%d to %d", seeds[i], seeds[end]))
		case end == i+1:
			parts = append(parts, strconv.FormatInt(seeds[i], 10), strconv.FormatInt(seeds[end], 10))
		default:
			parts = append(parts, strconv.FormatInt(seeds[i], 10))
		}
		i = end + 1
	}
	return strings.Join(parts, ", ")
}
