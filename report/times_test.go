package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/report"
)

func TestTimes(t *testing.T) {
	times := report.Times{Axis: "loss", Rows: []report.TimeRow{
		{Name: "both", Train: around(217, 3, 3), Image: around(1.25, .25, 3)},
		{Name: "not timed"},
		{Name: "teacher, 25 steps", Image: around(71, 0, 1)},
	}}
	for name, c := range map[string]struct {
		write func(*bytes.Buffer) error
		want  string
	}{
		"Markdown": {func(b *bytes.Buffer) error { return times.Markdown(b) }, "| row | training, s | ms per image |\n|---|---:|---:|\n" +
			"| both | 217 ± 3 | 1.25 ± 0.25 |\n| teacher, 25 steps | – | 71.00 |\n" +
			"\nSeconds as they passed, on machines that other work may have shared, so that rows do not compare: `speed --sampling` times ways to sample in turn. Those of a training include compiling.\n"},
		"CSV": {func(b *bytes.Buffer) error { return times.CSV(b) }, "axis,name,train_seconds,train_n,ms_per_image,ms_per_image_n\n" +
			"loss,both,217,3,1.25,3\nloss,not timed,,,,\nloss,\"teacher, 25 steps\",,,71,1\n"},
	} {
		var b bytes.Buffer
		if err := c.write(&b); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	var b bytes.Buffer
	if err := times.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var again report.Times
	if err := json.Unmarshal(b.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(times, again); diff != "" {
		t.Errorf("JSON (-written +read)\n%s", diff)
	}
}

func TestClaimsMarkdown(t *testing.T) {
	table := report.Table{Verdicts: []report.Verdict{
		{Claim: "teacher steps do not matter", Metric: "CLIP", Better: "2", Worse: "1", Within: .02, Verdict: "undecided", Seeds: [2]int{3, 3}},
	}}
	var b bytes.Buffer
	if err := table.ClaimsMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	if want := "- The paper finds that teacher steps do not matter (CLIP: 2 within 2 % of 1): undecided, seeds 3 and 3.\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
