package report

import "fmt"

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
