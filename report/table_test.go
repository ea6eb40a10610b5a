package report_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/report"
)

func ExampleTable() {
	t := report.Table{
		Axis: "init", Title: "Student initialisation", Ref: "ADD Table 1c", Question: "Does the student need pretrained weights?",
		Scale: "smoke", Engine: "go", Commit: "0123abc",
		Rows: []report.Row{
			{Name: "random", Seeds: 3, Images: 256, FID: report.Estimate{Mean: 301.2, Low: 289.1, High: 313.3, N: 3},
				CLIP: report.Estimate{Mean: .09, Low: .07, High: .11, N: 3}, Paper: &report.Score{FID: 293.6, CLIP: .065}, Direction: report.Agrees},
			{Name: "pretrained", Default: true, Seeds: 3, Images: 256, FID: report.Estimate{Mean: 42.3, Low: 41, High: 43.6, N: 3},
				CLIP: report.Estimate{Mean: .297, Low: .294, High: .3, N: 3}, Paper: &report.Score{FID: 20.6, CLIP: .319}},
		},
		References: []report.Row{{Name: "real vs real", Images: 256, FID: report.Estimate{Mean: 11.8, Low: 11.8, High: 11.8, N: 1}}},
	}
	t.Plain(os.Stdout)
	// Output:
	// Student initialisation (axis init, ADD Table 1c)
	// Does the student need pretrained weights?
	//
	//   cell                 FID ↓         CLIP ↑  paper FID ↓  paper CLIP ↑  direction  seeds  images
	//   ------------  ------------  -------------  -----------  ------------  ---------  -----  ------
	//   random        301.2 ± 12.1  0.090 ± 0.020        293.6         0.065  agrees         3     256
	// * pretrained     42.3 ± 1.3   0.297 ± 0.003         20.6         0.319                 3     256
	//   ------------  ------------  -------------  -----------  ------------  ---------  -----  ------
	//   real vs real   11.8             –                    –             –                 –     256
	//
	// * the default cell. ↓ lower is better, ↑ higher is better; ± and [low, high] are the 95 % interval
	// of the mean, and a number without them has no known interval. The paper's numbers stand on another
	// scale (data, networks, number of images): compare the order of the cells, not the values.
	// scale smoke, engine go, commit 0123abc
}

func TestGolden(t *testing.T) {
	table := lossTable()
	for name, write := range map[string]func(io.Writer) error{
		"table.md": table.Markdown, "table.csv": table.CSV, "table.json": table.JSON, "table.tex": table.LaTeX, "table.txt": table.Plain, "further.md": table.FurtherMarkdown,
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
		})
	}
}

// Every writer must survive every table, and no NaN may reach a reader.
func TestAwkwardTables(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	row := func(r report.Row) report.Table { return report.Table{Axis: "x", Rows: []report.Row{r}} }
	for name, table := range map[string]report.Table{
		"nothing at all":        {},
		"references only":       {Title: "refs", References: lossTable().References},
		"never measured":        row(report.Row{Name: "a"}),
		"all NaN":               row(report.Row{Name: "a", FID: report.Estimate{Mean: nan, Low: nan, High: nan}, CLIP: report.Estimate{Mean: nan}, Align: report.Estimate{Mean: nan}}),
		"NaN interval":          row(report.Row{Name: "a", FID: report.Estimate{Mean: 3, Low: nan, High: nan, N: 1}}),
		"infinite FID":          row(report.Row{Name: "a", Seeds: 1, FID: report.Estimate{Mean: inf, Low: 1, High: inf, N: 1}}),
		"collapsed default":     row(report.Row{Name: "a", Default: true, Seeds: 1, FID: report.Estimate{Mean: nan}}),
		"half a paper score":    row(report.Row{Name: "a", Paper: &report.Score{FID: nan, CLIP: .3}}),
		"empty paper score":     row(report.Row{Name: "a", Paper: &report.Score{}}),
		"very long name":        row(report.Row{Name: strings.Repeat("endless", 60), FID: around(3, 1, 3)}),
		"very long everything":  {Title: strings.Repeat("title ", 80), Question: strings.Repeat("why ", 200), Rows: []report.Row{{Name: strings.Repeat("many words ", 40), Note: strings.Repeat("note ", 90)}}},
		"signs of every format": row(report.Row{Name: "a|b, \"c\" _d_ *e* <f> $g$ \\h {i} 100% #1 & ~", Default: true, Note: "two\nlines", FID: around(3, 1, 3)}),
		"wide characters":       row(report.Row{Name: "中文 x̂", FID: around(3, 1, 3)}),
		"zero FID":              row(report.Row{Name: "a", FID: around(0, 0, 5), CLIP: around(0, 0, 5)}),
		"negative and huge":     {Rows: []report.Row{{Name: "a", FID: around(-3, 1e9, 2)}, {Name: "b", FID: around(1e30, 0, 2)}, {Name: "c", FID: around(1e-9, 0, 2)}}},
		"equal cells":           {Rows: []report.Row{{Name: "a", FID: around(5, 0, 2)}, {Name: "a", FID: around(5, 0, 2)}}},
	} {
		t.Run(name, func(t *testing.T) {
			out := map[string]string{}
			for format, write := range map[string]func(io.Writer) error{
				"markdown": table.Markdown, "csv": table.CSV, "json": table.JSON, "latex": table.LaTeX, "plain": table.Plain, "png": table.PNG,
			} {
				var b bytes.Buffer
				if err := write(&b); err != nil {
					t.Fatalf("%s: %v", format, err)
				}
				out[format] = b.String()
			}
			for format, s := range out {
				if format != "png" && (strings.Contains(s, "NaN") || strings.Contains(s, "Inf")) {
					t.Errorf("%s shows a number that is not finite:\n%s", format, s)
				}
			}

			records, err := csv.NewReader(strings.NewReader(out["csv"])).ReadAll() // refuses lines of unequal length
			if err != nil {
				t.Errorf("csv: %v", err)
			}
			if want := 1 + len(table.Rows) + len(table.References); len(records) != want {
				t.Errorf("csv: %d lines, want %d", len(records), want)
			}

			pipes := 0
			for line := range strings.Lines(out["markdown"]) {
				n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
				if n > 0 && pipes > 0 && n != pipes {
					t.Errorf("markdown: %d cell borders, want %d in %q", n, pipes, line)
				}
				pipes = n
			}
		})
	}
}

func TestJSONRoundTrip(t *testing.T) {
	want := lossTable()
	var b bytes.Buffer
	if err := want.JSON(&b); err != nil {
		t.Fatal(err)
	}
	got, err := report.ReadJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("table changed on the way (-want +got):\n%s", diff)
	}

	if _, err := report.ReadJSON(strings.NewReader(`{"rows": 3}`)); err == nil {
		t.Error("reading rows = 3 gave no error")
	}
}

func TestCollapsedIsToldApart(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		why  string
		row  report.Row
		want string
	}{
		{"runs without a finite FID", report.Row{Seeds: 3, FID: report.Estimate{Mean: nan}}, "collapsed"},
		{"not measured yet", report.Row{Seeds: 3}, "–"},
		{"never run", report.Row{FID: report.Estimate{Mean: nan}}, "–"},
		{"a perfect score that was measured", report.Row{Seeds: 3, FID: report.Estimate{N: 3}}, "0.0"},
	} {
		var b bytes.Buffer
		if err := (report.Table{Rows: []report.Row{c.row}}).Plain(&b); err != nil {
			t.Fatal(err)
		}
		line := strings.Split(b.String(), "\n")[3]
		if got := strings.Fields(line)[0]; got != c.want {
			t.Errorf("%s: FID column says %q, want %q in\n%s", c.why, got, c.want, b.String())
		}
	}
}
