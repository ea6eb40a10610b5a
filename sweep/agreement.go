package sweep

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

// Agreement tells how far two sweeps agree on the cells and seeds that both have: those of two engines or machines, or a reader's own
// and the committed one. Rows of the same evaluation hash are pairs: equal configs and seeds, whatever computed them.
type Agreement struct {
	Cells []CellAgreement
}

// CellAgreement compares one cell, seed by seed.
type CellAgreement struct {
	Name      string
	Seeds     []int64
	FID, CLIP Paired
	Collapsed bool // here or there, so that its FIDs are of another size than all others
}

// Paired are one metric's numbers here and there, by pair.
type Paired struct{ Here, There []float64 }

// Agree pairs the seeds of two lists of tables. A cell that stands in several tables counts once.
func Agree(here, there []report.Table) Agreement {
	known, collapsed := map[string]report.SeedScore{}, map[string]bool{}
	eachSeed(there, func(_ string, r report.Row, s report.SeedScore) {
		known[s.Evaluation], collapsed[s.Evaluation] = s, drawsNothing(r)
	})
	var a Agreement
	index, done := map[string]int{}, map[string]bool{}
	eachSeed(here, func(cell string, r report.Row, s report.SeedScore) {
		other, ok := known[s.Evaluation]
		if !ok || done[s.Evaluation] {
			return
		}
		done[s.Evaluation] = true
		if _, ok := index[cell]; !ok {
			index[cell] = len(a.Cells)
			a.Cells = append(a.Cells, CellAgreement{Name: cell})
		}
		c := &a.Cells[index[cell]]
		c.add(s.Seed, s, other)
		c.Collapsed = c.Collapsed || drawsNothing(r) || collapsed[s.Evaluation]
	})
	return a
}

// All compares the means over the cells that did not collapse, seed by seed: cells of one seed start from the same noise, and several may
// sample from one student, so that they are no independent pairs.
func (a Agreement) All() CellAgreement {
	type sum struct {
		here, there report.SeedScore
		n           float64
	}
	sums := map[int64]*sum{}
	for _, c := range a.Cells {
		if c.Collapsed {
			continue
		}
		for i, seed := range c.Seeds {
			if sums[seed] == nil {
				sums[seed] = &sum{}
			}
			s := sums[seed]
			s.here.FID, s.there.FID = s.here.FID+c.FID.Here[i], s.there.FID+c.FID.There[i]
			s.here.CLIP, s.there.CLIP = s.here.CLIP+c.CLIP.Here[i], s.there.CLIP+c.CLIP.There[i]
			s.n++
		}
	}
	all := CellAgreement{Name: "all, by seed"}
	for _, seed := range slices.Sorted(maps.Keys(sums)) {
		s := sums[seed]
		for _, score := range []*report.SeedScore{&s.here, &s.there} {
			score.FID, score.CLIP = score.FID/s.n, score.CLIP/s.n
		}
		all.add(seed, s.here, s.there)
	}
	return all
}

func (c *CellAgreement) add(seed int64, here, there report.SeedScore) {
	c.Seeds = append(c.Seeds, seed)
	c.FID.add(here.FID, there.FID)
	c.CLIP.add(here.CLIP, there.CLIP)
}

// eachSeed visits what was trained; the default cell has one name in all tables.
func eachSeed(tables []report.Table, visit func(cell string, r report.Row, s report.SeedScore)) {
	for _, t := range tables {
		for _, r := range t.Rows {
			name := t.Axis + ": " + r.Name
			if r.Default {
				name = "default cell"
			}
			for _, s := range r.BySeed {
				if s.Evaluation != "" {
					visit(name, r, s)
				}
			}
		}
	}
}

func (p *Paired) add(here, there float64) {
	p.Here, p.There = append(p.Here, here), append(p.There, there)
}

// Difference is the mean of here less there with Student's interval over the pairs, and p of its test; p is nil where the pairs have no
// spread, or where there is one pair only.
func (p Paired) Difference() (report.Estimate, *float64) {
	if len(p.Here) == 1 {
		d := p.Here[0] - p.There[0]
		return report.Estimate{Mean: d, Low: d, High: d, N: 1}, nil
	}
	d, err := eval.PairedInterval(p.There, p.Here, confidence)
	if err != nil {
		return report.Estimate{}, nil
	}
	test, err := eval.Paired(p.There, p.Here, confidence)
	if err != nil {
		return report.Estimate(d), nil
	}
	return report.Estimate(d), &test.P
}

// Identical counts the pairs whose numbers are the same to the last bit.
func (p Paired) Identical() (n int) {
	for i := range p.Here {
		if p.Here[i] == p.There[i] {
			n++
		}
	}
	return n
}

// Markdown writes the comparison as a table; here and there name the folders.
func (a Agreement) Markdown(w io.Writer, here, there string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## The same cells and seeds in %s and in %s\n\n", here, there)
	n, sameFID, sameCLIP := 0, 0, 0
	for _, c := range a.Cells {
		n, sameFID, sameCLIP = n+len(c.Seeds), sameFID+c.FID.Identical(), sameCLIP+c.CLIP.Identical()
	}
	if n == 0 {
		b.WriteString("There are none.\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	b.WriteString("| cell | seeds | FID here | FID there | FID, difference | FID, correlation | CLIP, difference |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, c := range a.Cells {
		b.WriteString(c.row(c.FID.correlation()))
	}
	if all := a.All(); len(all.Seeds) > 0 {
		b.WriteString(all.row("–"))
	}
	fmt.Fprintf(&b, "\nDifference: here less there, the mean over pairs of the same cell and seed with Student's 95 %% interval, and p of its test, not corrected for the number of rows; in the last row over seeds, of which each is the mean of its cells, without those that collapsed. Correlation: of the FIDs of one cell over its seeds, from three on. Identical to the last bit: %d of %d FIDs, %d of %d CLIP scores.",
		sameFID, n, sameCLIP, n)
	b.WriteString(" The runs on either side have their engine and commit in env.json.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (c CellAgreement) row(correlation string) string {
	return fmt.Sprintf("| %s | %d | %.1f | %.1f | %s | %s | %s |\n", strings.ReplaceAll(c.Name, "|", `\|`), len(c.Seeds),
		stat.Mean(c.FID.Here, nil), stat.Mean(c.FID.There, nil), c.FID.signed(1), correlation, c.CLIP.signed(4))
}

// correlation tells whether a seed that does well here does well there; two pairs are always on a line.
func (p Paired) correlation() string {
	r := stat.Correlation(p.Here, p.There, nil)
	if len(p.Here) < 3 || math.IsNaN(r) {
		return "–"
	}
	return fmt.Sprintf("%.2f", r)
}

func (p Paired) signed(digits int) string {
	d, prob := p.Difference()
	s := fmt.Sprintf("%+.*f", digits, d.Mean)
	if d.HasInterval() {
		s += fmt.Sprintf(" ± %.*f", digits, (d.High-d.Low)/2)
	}
	if prob != nil {
		s += " (" + report.FormatP(*prob) + ")"
	}
	return s
}
