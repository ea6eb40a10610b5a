package show

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/janpfeifer/gonb/gonbui"
)

// Sheet is a small table. Its first column is text, the others are numbers.
type Sheet struct {
	Head []string
	Rows [][]string
	Note string // below the table
}

// Add appends a row.
func (s *Sheet) Add(cells ...string) { s.Rows = append(s.Rows, cells) }

// Rows shows a sheet.
func Rows(s Sheet, err ...error) {
	Check(err...)
	if gonbui.IsNotebook {
		intoCell(gonbui.DisplayHtml, s.html())
		return
	}
	Check(s.plain())
}

// sheetTemplate sets text flush left, for Jupyter sets all tables flush right.
var sheetTemplate = template.Must(template.New("sheet").Parse(`<table>
<thead><tr>{{range $i, $c := .Head}}<th {{if $i}}align="right"{{else}}style="text-align:left"{{end}}>{{$c}}</th>{{end}}</tr>
</thead>
<tbody>
{{range .Rows}}<tr>{{range $i, $c := .}}<td {{if $i}}align="right"{{else}}style="text-align:left"{{end}}>{{$c}}</td>{{end}}</tr>
{{end}}</tbody></table>
{{with .Note}}<p><small>{{.}}</small></p>
{{end}}`))

func (s Sheet) html() string {
	var b strings.Builder
	Check(sheetTemplate.Execute(&b, s))
	return b.String()
}

func (s Sheet) plain() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, r := range append([][]string{s.Head}, s.Rows...) {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	if s.Note != "" {
		fmt.Fprintln(w, s.Note)
	}
	return w.Flush()
}

// Text shows a paragraph.
func Text(text string, err ...error) {
	Check(err...)
	if gonbui.IsNotebook {
		intoCell(gonbui.DisplayHtml, "<p>"+html.EscapeString(text)+"</p>\n")
		return
	}
	fmt.Println(text)
}

// Same prints a number that a cell has computed beside the library's, and ends the cell where they differ by more than rounding.
func Same(name string, here, library float64) {
	fmt.Printf("%s: %.6f in this notebook, %.6f in the library\n", name, here, library)
	if math.Abs(here-library) > 1e-4*math.Abs(library) {
		Check(fmt.Errorf("%s = %g, want %g as in the library", name, here, library))
	}
}
