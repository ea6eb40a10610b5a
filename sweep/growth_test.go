package sweep

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/addlab/addlab/ablations"
)

// How long a plan, a look through the runs and a table take as a folder of runs grows.
func BenchmarkRunsInAFolder(b *testing.B) {
	for _, n := range []int{1, 10, 100} { // ten runs and more a seed
		var seeds []int64
		for s := range n {
			seeds = append(seeds, int64(s))
		}
		plan := func() *Plan {
			p, err := testPlan([]ablations.Axis{ablations.DiscCond}, seeds...)
			if err != nil {
				b.Fatal(err)
			}
			return p
		}
		p, root := plan(), b.TempDir()
		results, err := (&laboratory{}).options(p, root).Run(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		size := fmt.Sprintf("runs=%d", len(p.Jobs))
		b.Run("plan/"+size, func(b *testing.B) {
			for b.Loop() {
				plan()
			}
		})
		b.Run("gather/"+size, func(b *testing.B) {
			for b.Loop() {
				if _, missing, err := (&laboratory{}).options(p, root).Gather(); err != nil || len(missing) > 0 {
					b.Fatal(len(missing), err)
				}
			}
		})
		b.Run("write/"+size, func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Write(filepath.Join(root, "table"), ablations.DiscCond, results); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
