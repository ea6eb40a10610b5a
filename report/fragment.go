package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed fragment.html
var fragmentText string

var fragmentTemplate = template.Must(template.New("fragment").Parse(fragmentText))

// HTML writes t as a piece of HTML without style sheet or class, as notebooks and code hosts let it through: question, cells,
// references, verdicts.
func (t Table) HTML(w io.Writer) error {
	var b bytes.Buffer
	if err := fragmentTemplate.Execute(&b, (Section{Table: t}).view("")); err != nil {
		return fmt.Errorf("report: table: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
