package report_test

import (
	"bytes"
	"errors"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/report"
)

func TestPageStandsAlone(t *testing.T) {
	table := lossTable()
	table.Rows[0].Name = `<script>alert("x")</script>`
	png := []byte("\x89PNG not really")
	view := report.Page{Title: "Results & more", Findings: []string{"What came out."}, Samples: report.Picture{Caption: "the first samples", PNG: png}, Sections: []report.Section{
		{From: "results/loss", Table: table, Calls: report.Picture{Caption: "FID over calls", PNG: png}, Pictures: []report.Picture{{Caption: "curves", PNG: png}}},
		{From: "results/newer", Table: report.Table{Axis: "newer", Metrics: metrics, Rows: table.Rows, Verdicts: []report.Verdict{
			{Claim: "L_distill alone is far worse", Metric: "fid", Better: "both", Worse: "L_distill", Factor: 3, Verdict: "confirmed", Seeds: [2]int{3, 3}},
			{Claim: "teacher steps do not matter", Metric: "clip", Better: "2", Worse: "1", Within: .02, Verdict: "undecided", Seeds: [2]int{3, 3}},
		}}},
		{From: "results/older", Warning: "Made by another recipe", Table: report.Table{Axis: "older", Metrics: metrics, Rows: table.Rows, Verdicts: []report.Verdict{
			{Claim: "L_adv alone is far worse", Metric: "fid", Better: "both", Worse: "L_adv", Factor: 3, Verdict: "confirmed", Seeds: [2]int{3, 3}},
		}}, Times: lossTimes()},
		{From: "results/empty", Table: report.Table{Axis: "empty"}},
	}}
	var b bytes.Buffer
	if err := view.HTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	// Nothing is fetched: pictures are inside, and there are no scripts and no foreign addresses.
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "data:image/png;base64,") && !strings.HasPrefix(m[1], "#") {
			t.Errorf("the page refers to %q", m[1])
		}
	}
	for _, verdict := range []string{report.Confirmed, report.Refuted, report.Smaller, report.Undecided} {
		if !regexp.MustCompile(`\.` + verdict + `\b[^{}]*\{`).MatchString(page) {
			t.Errorf("the verdict %q has no style", verdict)
		}
	}
	if strings.Contains(page, "<script") {
		t.Error("a cell's name is not escaped")
	}
	for _, want := range []string{"Results &amp; more", "width=device-width", "&lt;script&gt;", `alt="curves"`, "What came out.", `alt="the first samples"`, `alt="FID over calls"`, "results/empty", `class="default"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	// What the other forms of the table say stands in it.
	text := html.UnescapeString(page)
	for _, want := range []string{"42.3 ± 1.3", "47.1 [45.9, 51.2]", "diverged", "20.6", "undecided", "2 of 3", "NaN at step 40", "teacher, 25 steps", "All seeds share",
		"Further numbers", "p = 0.012", "0.550 ± 0.030", "217 ± 3", "1.25 ± 0.25", "Made by another recipe",
		"L_distill alone is far worse", "L_distill at least 3 times both", "2 within 2 % of 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "L_adv at least") {
		t.Error("a claim of a table that does not compare is listed")
	}
	if open, closed := strings.Count(page, "<tr"), strings.Count(page, "</tr>"); open != closed || open == 0 {
		t.Errorf("%d rows are opened and %d closed", open, closed)
	}
}

// Folders apart are linked where they have a page, and claims.md says what its claims were measured on.
func TestPageNamesWhatStandsApart(t *testing.T) {
	claim := []report.Verdict{{Claim: "a law", Metric: "fid", Better: "a", Worse: "b", Verdict: report.Refuted}}
	gpu := report.Folder{Name: "results/gpu", Page: "gpu/index.html", Claims: "gpu/claims.md"}
	for _, c := range []struct {
		why   string
		page  report.Page
		title string
		links []string // on the page and in claims.md
	}{
		{"nothing known", report.Page{Apart: []report.Folder{{Name: "results/gpu"}}}, "claims\n", nil},
		{"tables of one engine", report.Page{Apart: []report.Folder{gpu, {Name: "results/data/a b", Page: "data/a b/index.html", Claims: "data/a b/claims.md"}}, Sections: []report.Section{
			{Table: report.Table{Data: "scenes", Engine: "xla:cpu PJRT 0.115, plugin 0.11.2", Verdicts: claim}},
			{Table: report.Table{Data: "scenes", Engine: "xla:cpu PJRT 0.115, plugin 0.11.2", Verdicts: claim}},
			{Table: report.Table{Data: "emoji", Engine: "xla:cuda PJRT 0.115"}},
		}}, "claims (scenes, xla:cpu)\n", []string{`<a href="gpu/index.html"><code>results/gpu</code></a>`, "[gpu](gpu/claims.md)", `href="data/a%20b/index.html"`, "[data/a b](data/a%20b/claims.md)"}},
		{"of two", report.Page{Sections: []report.Section{
			{Table: report.Table{Data: "scenes", Engine: "xla:cuda PJRT 0.115; xla:cpu PJRT 0.115, plugin 0.11.2", Verdicts: claim}},
			{Table: report.Table{Data: "scenes", Engine: "go v0.3.0, go1.26 without simd", Verdicts: claim}},
		}}, "claims (scenes, go and xla:cpu and xla:cuda)\n", nil},
		{"no claims", report.Page{Sections: []report.Section{{Table: report.Table{Data: "scenes", Engine: "onnx:cpu 1.22"}}}}, "claims (scenes, onnx:cpu)\n", nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			var page, claims bytes.Buffer
			if err := c.page.HTML(&page); err != nil {
				t.Fatal(err)
			}
			if err := c.page.ClaimsMarkdown(&claims); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(claims.String(), "## What became of the paper's "+c.title) {
				t.Errorf("claims.md begins with %.80q, want a title that ends with %q", &claims, c.title)
			}
			for _, want := range c.links {
				if !strings.Contains(page.String()+claims.String(), want) {
					t.Errorf("neither page nor claims.md holds %s", want)
				}
			}
			if links := strings.Count(page.String(), "<a ") + strings.Count(claims.String(), "]("); links-strings.Count(page.String(), `<a href="#`) != len(c.links) {
				t.Errorf("%d links, want %d that lead elsewhere", links, len(c.links))
			}
			for _, f := range c.page.Apart {
				if !strings.Contains(page.String(), "<code>"+f.Name+"</code>") {
					t.Errorf("the page does not name %s", f.Name)
				}
			}
		})
	}
}

// What other folders found on the same claim stands beside it, if they have tables of the same axis and scale.
func TestClaimsTellWhatOtherFoldersFound(t *testing.T) {
	claim := func(verdict string, seeds int) report.Verdict {
		return report.Verdict{Claim: "a law", Metric: "fid", Better: "a", Worse: "b", Verdict: verdict, Test: &eval.Test{P: .035}, Seeds: [2]int{seeds, seeds}}
	}
	of := func(axis, scale string, v report.Verdict) report.Table {
		return report.Table{Axis: axis, Scale: scale, Verdicts: []report.Verdict{v}}
	}
	sections := []report.Section{{Table: of("loss", "cpu", claim(report.Undecided, 4))}}
	other := claim(report.Refuted, 8)
	other.Claim = "another law"
	for _, c := range []struct {
		why   string
		there report.Table
		want  string
	}{
		{"the same claim", of("loss", "cpu", claim(report.Confirmed, 8)), "gpu: confirmed, p = 0.035, seeds 8 and 8"},
		{"of another axis", of("r1", "cpu", claim(report.Confirmed, 8)), ""},
		{"at another scale", of("loss", "smoke", claim(report.Confirmed, 8)), ""},
		{"another claim", of("loss", "cpu", other), ""},
		{"of cells that were not run there", of("loss", "cpu", claim(report.Undecided, 0)), ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			page := report.Page{Sections: sections, Apart: []report.Folder{{Name: "results/gpu", Claims: "gpu/claims.md", Tables: []report.Table{c.there}}}}
			var html, claims bytes.Buffer
			if err := errors.Join(page.HTML(&html), page.ClaimsMarkdown(&claims)); err != nil {
				t.Fatal(err)
			}
			for form, text := range map[string]string{"page": html.String(), "claims.md": claims.String()} {
				if told := strings.Contains(text, "gpu: "); told != (c.want != "") || !strings.Contains(text, c.want) {
					t.Errorf("%s tells of elsewhere: %t, want %q\n%s", form, told, c.want, text)
				}
			}
		})
	}
}

// Claims about cells that were not run are no comparisons.
func TestClaimsThatWereNotMeasuredAreCountedApart(t *testing.T) {
	claim := report.Verdict{Claim: "a law", Metric: "fid", Better: "a", Worse: "b", Verdict: report.Undecided, Seeds: [2]int{3, 3}}
	other := claim
	other.Seeds[1] = 0
	for want, verdicts := range map[string][]report.Verdict{"1 undecided.\n": {claim}, "1 undecided. 2 more not measured.\n": {other, claim, other}} {
		var b strings.Builder
		if err := (report.Page{Sections: []report.Section{{Table: report.Table{Verdicts: verdicts}}}}).ClaimsMarkdown(&b); err != nil {
			t.Fatal(err)
		}
		if want = "\n1 comparison: 0 confirmed, 0 refuted, 0 smaller than in the paper, " + want; !strings.Contains(b.String(), want) {
			t.Errorf("want %q in\n%s", want, &b)
		}
	}
}

// A mean over fewer seeds than the row's FID must not be compared with its neighbours unawares.
func TestPageTellsWhichNumbersLackSeeds(t *testing.T) {
	table := lossTable()
	table.Rows[0].BySeed, table.Rows[2].BySeed = make([]report.Seed, 3), make([]report.Seed, 3)
	table.Rows[0].Values["align_novel"] = around(.9, .01, 2)
	table.Rows[0].Values["align"] = around(.7, .01, 1) // a column of the main table
	table.Rows[2].Values["align_novel"] = around(.85, .01, 3)
	var b bytes.Buffer
	if err := (report.Page{Title: "page", Sections: []report.Section{{Table: table}}}).HTML(&b); err != nil {
		t.Fatal(err)
	}
	page := html.UnescapeString(b.String())
	if !strings.Contains(page, "0.900 ± 0.010 (n = 2)") || !strings.Contains(page, "0.700 ± 0.010 (n = 1)") || strings.Contains(page, "0.850 ± 0.010 (n") {
		t.Error("want n beside the number of two seeds and no other")
	}
	if !strings.Contains(page, "Rows of different n do not compare") {
		t.Error("the sign is not explained")
	}
}

func TestTableIsAPieceOfHTML(t *testing.T) {
	table := lossTable()
	table.Rows[0].Name = `<script>alert("x")</script>`
	var b bytes.Buffer
	if err := table.HTML(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, unwanted := range []string{"<script", "<style", "class=", "<html"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("the table holds %q, which notebooks do not let through:\n%s", unwanted, text)
		}
	}
	if rows := strings.Count(text, "<tr>"); rows != len(table.Rows)+len(table.References)+2 {
		t.Errorf("%d rows, want the %d cells, %d references and two headings", rows, len(table.Rows), len(table.References))
	}
	for _, r := range table.Rows[1:] {
		if !strings.Contains(html.UnescapeString(text), r.Name) {
			t.Errorf("the table lacks %q", r.Name)
		}
	}
}
