package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/sweep"
)

// findings are three sentences of what came out: student and teacher, the paper's claims, and the claims with the clearest verdicts.
func findings(tables []report.Table) (sentences []string) {
	for _, t := range tables {
		if s := studentAndTeacher(t); s != "" {
			sentences = append(sentences, s)
			break
		}
	}
	count, n := map[string]int{}, 0
	clearest := map[string]report.Verdict{}
	for _, t := range tables {
		for _, v := range t.Verdicts {
			if !v.Measured() {
				continue
			}
			n++
			count[v.Verdict]++
			if best, ok := clearest[v.Verdict]; v.Test != nil && (!ok || v.Test.P < best.Test.P) {
				clearest[v.Verdict] = v
			}
		}
	}
	if n > 0 {
		sentences = append(sentences, fmt.Sprintf("Of the paper's claims, in %d comparisons, %d are confirmed here, %d refuted, %d smaller than there and %d undecided.", n, count[report.Confirmed], count[report.Refuted], count[report.Smaller], count[report.Undecided]))
	}
	var clear []string
	for _, verdict := range []string{report.Confirmed, report.Refuted} {
		if v, ok := clearest[verdict]; ok {
			clear = append(clear, fmt.Sprintf("%s: %s (%s)", verdict, v.Claim, report.FormatP(v.Test.P)))
		}
	}
	if len(clear) > 0 {
		sentences = append(sentences, "The clearest verdicts are "+strings.Join(clear, "; ")+".")
	}
	return sentences
}

func studentAndTeacher(t report.Table) string {
	if len(t.Metrics) == 0 {
		return ""
	}
	m := t.Metrics[0]
	number := func(rows []report.Row, is func(report.Row) bool) string {
		if i := slices.IndexFunc(rows, is); i >= 0 && rows[i].Values[m.Key].Known() {
			return fmt.Sprintf("%.*f", m.Digits, rows[i].Values[m.Key].Mean)
		}
		return ""
	}
	named := func(name string) func(report.Row) bool { return func(r report.Row) bool { return r.Name == name } }
	student := number(t.Rows, func(r report.Row) bool { return r.Default })
	many, one := number(t.References, named("teacher, 25 steps")), number(t.References, named("teacher, 1 step"))
	if student == "" || many == "" || one == "" {
		return ""
	}
	return fmt.Sprintf("One step of the default student has %s %s; the teacher has %s in 25 steps and %s in one.", m.Name, student, many, one)
}

// departures writes where the default config of the tables' scale departs from the paper, and names what stands beside the page.
func departures(dir string, tables []report.Table) (files []string, err error) {
	files = []string{"claims.md", "versus.png"}
	if len(tables) == 0 || !slices.Contains(distill.Scales, tables[0].Scale) {
		return files, nil
	}
	cfg, err := distill.DefaultConfig(tables[0].Scale)
	if err != nil {
		return nil, err
	}
	list, err := distill.DepartureTable(cfg)
	if err != nil {
		return nil, err
	}
	text := "## Where the default departs from the paper (scale " + cfg.Scale + ")\n\n" + list
	return append(files, "departures.md"), record.WriteFile(filepath.Join(dir, "departures.md"), []byte(text))
}

func samples(sections []report.Section) (p report.Picture) {
	most := -1
	for _, s := range sections {
		if s.Samples.PNG != nil && s.Warning == "" && len(s.Table.Verdicts) > most {
			most, p = len(s.Table.Verdicts), s.Samples
			p.Caption = s.Table.Title + ": the same captions and the same noise in every row"
		}
	}
	return p
}

// setApart warns of tables that compare with none of the others, and gives those that do: they share the pictures and the list of claims.
// The committed tables share them only where there are none of one's own, since both have cells of the same names.
func setApart(results string, sections []report.Section) (tables []report.Table) {
	committed := func(s report.Section) bool {
		return filepath.Dir(filepath.FromSlash(s.From)) == filepath.Join(results, "reference")
	}
	scale, own, recipe := -1, false, recipeOf(sections)
	for _, s := range sections {
		if incomparable(s.Table, recipe) == "" {
			own = own || !committed(s)
		}
	}
	for i := range sections {
		s := &sections[i]
		if s.Warning = incomparable(s.Table, recipe); s.Warning == "" && own && committed(*s) {
			s.Warning = "Committed results: they stand in none of the pictures above, which are of your own; their own page is that of " + filepath.ToSlash(filepath.Join(results, "reference")) + "."
		}
		if s.Warning == "" {
			scale = max(scale, slices.Index(distill.Scales, s.Table.Scale))
		}
	}
	for i := range sections {
		s := &sections[i]
		if s.Warning != "" {
			continue
		}
		if at := slices.Index(distill.Scales, s.Table.Scale); at < scale {
			s.Warning = fmt.Sprintf("Of scale %s: it does not compare with tables of scale %s, and stands in none of the pictures above.", s.Table.Scale, distill.Scales[scale])
			continue
		}
		tables = append(tables, s.Table)
	}
	return tables
}

// recipeOf is this program's recipe, or that which all sections were made by.
func recipeOf(sections []report.Section) string {
	if len(sections) == 0 || slices.ContainsFunc(sections, func(s report.Section) bool { return s.Table.Recipe == "" || s.Table.Recipe != sections[0].Table.Recipe }) {
		return sweep.Recipe
	}
	return sections[0].Table.Recipe
}

// incomparable says why a table compares with none that is made of a preset by a recipe, "" where it does.
func incomparable(t report.Table, recipe string) string {
	switch {
	case t.Recipe != "" && t.Recipe != recipe:
		return fmt.Sprintf("Made by another recipe (%s) than the others (%s): it does not compare with them, and stands in none of the pictures above.", t.Recipe, recipe)
	case t.Changed != "":
		return fmt.Sprintf("Not the preset of the scale (%s): it stands in none of the pictures above.", t.Changed)
	}
	return ""
}

// comparable are the tables in a folder's folders whose verdicts may be told beside others of their scale and recipe.
func comparable(folder, recipe string) (list []report.Table, err error) {
	all, err := report.Tables(folder)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t report.Table) bool { return incomparable(t, recipe) != "" }), nil
}
