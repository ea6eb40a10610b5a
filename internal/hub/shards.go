package hub

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
)

var numbered = regexp.MustCompile(`^(.*)-\d{5,}-of-(\d{5,})(\..*)?$`)

// complete wants all of train-00000-of-00003.parquet, train-00001-of-00003.parquet, … where one of them is named.
func complete(names []string) error {
	have := map[[3]string]int{}
	for _, name := range names {
		dir, base := path.Split(name)
		if m := numbered.FindStringSubmatch(base); m != nil {
			have[[3]string{dir + m[1], m[2], m[3]}]++
		}
	}
	for key, n := range have {
		if want, err := strconv.Atoi(key[1]); err == nil && n < want {
			return fmt.Errorf("shards %s-*-of-%s%s = %d, want %d: the others are not in the cache, and %s", key[0], key[1], key[2], n, want, fetchingIsOff)
		}
	}
	return nil
}
