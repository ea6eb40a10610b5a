package show

import (
	"strings"
	"testing"

	"github.com/addlab/addlab/report"
)

func TestTableIsEscaped(t *testing.T) {
	got := page(report.Table{Axis: "loss", Rows: []report.Row{{Name: "<b> & co", Seeds: 1, FID: report.Estimate{Mean: 2, N: 1}}}})
	if !strings.HasPrefix(got, "<pre>") || strings.Contains(got, "<b>") || !strings.Contains(got, "&lt;b&gt; &amp; co") {
		t.Errorf("html = %q, want the name escaped within <pre>", got)
	}
}
