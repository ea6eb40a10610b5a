package report

import (
	"fmt"
	"io"
	"strings"
)

// ClaimsMarkdown writes the verdicts of a table as a list for documents.
func (t Table) ClaimsMarkdown(w io.Writer) error {
	var b strings.Builder
	for _, v := range t.Verdicts {
		b.WriteString("- " + escapeMarkdown(v.Sentence()) + "\n")
	}
	if len(t.Verdicts) == 0 {
		b.WriteString("The paper makes no claim here.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// claimView is a claim of the paper on the page.
type claimView struct {
	Section, Axis                              string // anchor and name of its table
	Claim, Relation, Verdict, Effect, P, Seeds string
}

// claims lists the verdicts of all sections.
func (p Page) claims() (views []claimView) {
	for i, s := range p.Sections {
		for _, v := range s.Table.Verdicts {
			view := claimView{
				Section: sectionID(i), Axis: s.Table.Axis, Claim: oneLine(v.Claim), Relation: v.Metric + ": " + v.relation(), Verdict: v.Verdict,
				Effect: missing, P: missing, Seeds: fmt.Sprintf("%d, %d", v.Seeds[0], v.Seeds[1]),
			}
			if v.Effect != nil {
				view.Effect = fmt.Sprintf("%+.2f", *v.Effect)
			}
			if v.P != nil {
				view.P = shortP(*v.P)
			}
			views = append(views, view)
		}
	}
	return views
}

func sectionID(i int) string { return fmt.Sprintf("s%d", i+1) }
