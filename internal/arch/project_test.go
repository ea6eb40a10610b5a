package arch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tables gives the Markdown tables of a text as rows of cells, the second row being the rule below the header.
func tables(text string) (all [][][]string) {
	inside := false
	for line := range strings.SplitSeq(text, "\n") {
		row := strings.HasPrefix(line, "|")
		if row && !inside {
			all = append(all, nil)
		}
		if inside = row; row {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			all[len(all)-1] = append(all[len(all)-1], cells)
		}
	}
	return all
}

// project gives the named columns and rows of the n-th table of a text ("" is the first) in the order of their names, all rows where
// none is named.
func project(text, n, columns, rows string) (string, error) {
	all := tables(text)
	nth := max(0, slices.Index([]string{"1", "2", "3"}, n))
	if nth >= len(all) {
		return "", fmt.Errorf("%d tables, want more than %d", len(all), nth)
	}
	table := all[nth]
	var keep []int
	for name := range strings.SplitSeq(columns, ", ") {
		i := slices.IndexFunc(table[0], func(h string) bool { return strings.TrimRight(h, " ↓↑") == name })
		if i < 0 {
			return "", fmt.Errorf("columns %q, want one named %q", table[0], name)
		}
		keep = append(keep, i)
	}
	chosen := table
	if rows != "" {
		chosen = table[:2:2]
		for name := range strings.SplitSeq(rows, "; ") {
			i := slices.IndexFunc(table, func(cells []string) bool { return strings.Trim(cells[0], "*") == name })
			if i < 2 {
				return "", fmt.Errorf("no row %q", name)
			}
			chosen = append(chosen, table[i])
		}
	}
	var b strings.Builder
	for i, cells := range chosen {
		for _, k := range keep {
			cell := cells[k]
			if i == 1 {
				cell = strings.TrimLeft(cell, "-")
				cell = "---" + cell
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

func TestProject(t *testing.T) {
	const text = "one\n\n| cell | FID ↓ | n |\n| ---- | ----: | --: |\n| a | 1 | 4 |\n| **b** | 2 | 5 |\n\n| other |\n| --- |\n| x |\n"
	for _, c := range []struct{ n, columns, rows, want, err string }{
		{columns: "cell, FID", want: "| cell | FID ↓ |\n| --- | ---: |\n| a | 1 |\n| **b** | 2 |"},
		{columns: "n", rows: "b", want: "| n |\n| ---: |\n| 5 |"},
		{n: "2", columns: "other", want: "| other |\n| --- |\n| x |"},
		{n: "3", columns: "other", err: "2 tables, want more than 2"},
		{columns: "KID", err: `columns ["cell" "FID ↓" "n"], want one named "KID"`},
		{columns: "n", rows: "c", err: `no row "c"`},
	} {
		got, err := project(text, c.n, c.columns, c.rows)
		if err == nil {
			err = fmt.Errorf("")
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err.Error() != c.err {
			t.Errorf("project(%q, %q, %q): %v, want %q (-want +got):\n%s", c.n, c.columns, c.rows, err, c.err, diff)
		}
	}
}
