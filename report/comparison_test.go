package report

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func comparison(systems int) Comparison {
	c := Comparison{
		Title: "Against real_10%", Metrics: []Measure{{"fid", true}, {"kid", true}, {"precision", false}}, Notes: []string{"n = 100 | see there"},
	}
	for i := range systems {
		x := float64(i)
		c.Systems = append(c.Systems, System{Name: "sys_" + string(rune('a'+i)), Images: 100, Scores: []Scored{
			{Estimate{10 + x, 9 + x, 11 + x, 100}, math.NaN(), 1 + i},
			{Estimate{-0.0006, -0.0006, -0.0006, 100}, 0.0002, 0},
			{Estimate{0.5, 0.4, 0.65, 100}, math.NaN(), 1},
		}})
	}
	return c
}

func TestComparisonInAllForms(t *testing.T) {
	one, three := comparison(1), comparison(3)
	for _, c := range []struct {
		why    string
		write  func(*bytes.Buffer) error
		want   []string
		absent []string
	}{
		{"one system lists its metrics", func(b *bytes.Buffer) error { return one.Plain(b) },
			[]string{"  fid ↓              10.000 ± 1.000         –     100", "-0.000600  0.000200", "0.500 [0.400, 0.650]"}, []string{"rank"}},
		{"several systems have ranks where there are intervals", func(b *bytes.Buffer) error { return three.Plain(b) },
			[]string{"fid ↓", "rank", "sys_b", "11.000 ± 1.000     2", "-0.000600 (sd 0.000200)"}, []string{"spread"}},
		{"Markdown", func(b *bytes.Buffer) error { return three.Markdown(b) },
			[]string{"## Against real_10%", "| sys_a  |", "----: |", `- n = 100 \| see there`}, nil},
		{"LaTeX", func(b *bytes.Buffer) error { return three.LaTeX(b) },
			[]string{`real\_10\%`, `\begin{tabular}{lrrrrrr}`, `sys\_a & 10.000 $\pm$ 1.000 & 1 &`, `fid $\downarrow$`}, nil},
		{"CSV", func(b *bytes.Buffer) error { return three.CSV(b) },
			[]string{"sys_c,fid,true,12,11,13,,3,100\n", "sys_a,kid,true,-0.0006,,,0.0002,,100\n"}, nil},
	} {
		var b bytes.Buffer
		if err := c.write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: want %q in\n%s", c.why, want, &b)
			}
		}
		for _, absent := range c.absent {
			if strings.Contains(b.String(), absent+" ") {
				t.Errorf("%s: %q stands in\n%s", c.why, absent, &b)
			}
		}
	}
}
