package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/preference"
	"github.com/addlab/addlab/internal/rng"
	"github.com/addlab/addlab/report"
)

const wonAll = "won every vote on looks and the caption: no finite rating"

// robots makes the votes of simulated voters on methods with these abilities: the differences are log odds. Nobody is asked; tests know
// the truth that ratings must find. Of careless voters, the first, every answer is drawn by lot.
func robots(t *testing.T, abilities []float64, voters, careless, perVoter int) []vote {
	t.Helper()
	s := colours(t, len(abilities), 40, perVoter, false)
	var votes []vote
	for n := range voters {
		name := fmt.Sprintf("robot %02d", n)
		r := rng.New(1, name, 0)
		for i, p := range ordered(t, s, name) {
			choose := func(intact string) string {
				if n < careless {
					return []string{left, right}[r.IntN(2)]
				}
				if intact != "" {
					return intact
				}
				ability := func(name string) float64 { return abilities[name[len(name)-1]-'a'] }
				if r.Float64() < 1/(1+math.Exp(ability(p.right.name)-ability(p.left.name))) {
					return left
				}
				return right
			}
			v := sample(name, i)
			v.Study, v.Caption, v.Left, v.Right, v.Attention, v.Intact = s.id, p.caption, p.left.name, p.right.name, p.attention, p.intact
			v.Looks, v.Fits = choose(p.intact), choose(p.intact)
			votes = append(votes, v)
		}
	}
	return votes
}

func written(t *testing.T, votes []vote, more string) string {
	t.Helper()
	var b strings.Builder
	for _, v := range votes {
		b.WriteString(line(t, v))
	}
	return writeFile(t, filepath.Join(t.TempDir(), "votes.jsonl"), b.String()+more)
}

// reported runs --report, and reads both tables that it wrote.
func reported(t *testing.T, path string, args ...string) (ratings, pairs report.Table, stdout, stderr string) {
	t.Helper()
	out := t.TempDir()
	var o, e bytes.Buffer
	if rc := command().Run(t.Context(), append(args, "--report", "--votes", path, "--out", out), &o, &e); rc != 0 {
		t.Fatalf("rc = %d: %s", rc, &e)
	}
	for name, table := range map[string]*report.Table{"ratings.json": &ratings, "pairs.json": &pairs} {
		var err error
		if *table, err = report.ReadTable(filepath.Join(out, name)); err != nil {
			t.Fatal(err)
		}
	}
	return ratings, pairs, o.String(), e.String()
}

// Ratings of simulated voters are near the abilities that they vote by, in both questions, and sides and captions play no part.
func TestRatingsFindTheTruth(t *testing.T) {
	abilities := []float64{-.9, .2, .7}
	ratings, pairs, stdout, _ := reported(t, written(t, robots(t, abilities, 12, 0, 60), ""))
	var names []string
	for _, row := range ratings.Rows {
		names = append(names, row.Name)
		truth := 1000 + 400/math.Ln10*abilities[row.Name[len(row.Name)-1]-'a']
		for _, key := range []string{"rating", "looks", "fits"} {
			if e := row.Values[key]; !e.HasInterval() || math.Abs(e.Mean-truth) > .8*(e.High-e.Low) || e.High-e.Low > 100 { // three standard errors
				t.Errorf("%s, %s = %+v, want about %.0f", row.Name, key, e, truth)
			}
		}
		r := row.Values
		if mean := (r["looks"].Mean + r["fits"].Mean) / 2; math.Abs(mean-r["rating"].Mean) > 1e-6 {
			t.Errorf("%s: rating %.3f, want %.3f, the mean of both questions", row.Name, r["rating"].Mean, mean)
		}
		if mean := (r["elo-looks"].Mean + r["elo-fits"].Mean) / 2; math.Abs(mean-r["elo"].Mean) > 1e-6 {
			t.Errorf("%s: Elo %.3f, want %.3f, the mean of both questions", row.Name, r["elo"].Mean, mean)
		}
	}
	if !slices.Equal(names, []string{"secret-c", "secret-b", "secret-a"}) {
		t.Errorf("order %q, want the best first", names)
	}
	sum := 0.
	for _, row := range ratings.Rows {
		sum += row.Values["elo"].Mean
	}
	if math.Abs(sum-3000) > 1e-6 || ratings.Rows[0].Values["elo"].Mean < 1010 {
		t.Errorf("Elo adds up to %v, the best has %v, want 3000 and more than 1010", sum, ratings.Rows[0].Values["elo"])
	}
	for _, row := range pairs.Rows {
		var first, second byte
		if _, err := fmt.Sscanf(row.Name, "secret-%c over secret-%c", &first, &second); err != nil {
			t.Fatal(err)
		}
		truth := 100 / (1 + math.Exp(abilities[second-'a']-abilities[first-'a']))
		if e := row.Values["looks"]; math.Abs(e.Mean-truth) > .8*(e.High-e.Low) || !e.HasInterval() {
			t.Errorf("%s: %+v, want about %.0f", row.Name, e, truth)
		}
	}
	for _, want := range []string{"720 pairs of 12 voters on 40 captions; study ", "bootstrap over 12 voters", "as in the paper: R₀ = 1000, K = 1", "Pair by pair"} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
}

// Who fails a check of attention is named and left out, unless the votes are asked for.
func TestCarelessVotersAreLeftOut(t *testing.T) {
	path := written(t, robots(t, []float64{0, 2}, 4, 1, 40), "")
	count := func(args ...string) (pairs int, stdout string) {
		ratings, _, stdout, _ := reported(t, path, args...)
		return int(ratings.Rows[0].Values["pairs"].Mean), strings.Join(strings.Fields(stdout), " ")
	}
	without, text := count()
	if without != 120 || !strings.Contains(text, "Voter robot 00 failed ") || !strings.Contains(text, "40 votes left out (--all-voters takes them)") || !strings.Contains(text, "120 pairs of 3 voters") {
		t.Errorf("%d pairs, want 120 of three voters, and why:\n%s", without, text)
	}
	if !strings.Contains(text, "fewer than 10 voters: they hold for these voters") {
		t.Errorf("no word that intervals are of these voters alone:\n%s", text)
	}
	all, text := count("--all-voters")
	if all != 160 || !strings.Contains(text, "Voter robot 00 failed ") || strings.Contains(text, "left out") {
		t.Errorf("%d pairs, want all 160, and who failed:\n%s", all, text)
	}
	if some, _ := count("--may-fail", "99"); some != 160 {
		t.Errorf("%d pairs where 99 checks may fail, want all", some)
	}
}

// A method that lost all has no rating, and the others have.
func TestReportOfALoser(t *testing.T) {
	ratings, _, stdout, _ := reported(t, written(t, robots(t, []float64{0, .5, -1000}, 3, 0, 60), ""))
	last := ratings.Rows[2]
	if last.Name != "secret-c" || last.Note != "lost every vote on looks and the caption: no finite rating" || last.Values["rating"].Known() || !last.Values["elo"].Known() {
		t.Errorf("last row = %+v, want the loser of all without a rating", last)
	}
	if first := ratings.Rows[0]; !first.Values["rating"].HasInterval() || first.Note != "" {
		t.Errorf("first row = %+v, want a rating", first)
	}
	if !strings.Contains(stdout, "lost every vote on looks and the caption:") {
		t.Errorf("stdout does not say so:\n%s", stdout)
	}
	ratings, pairs, stdout, _ := reported(t, written(t, robots(t, []float64{0, 1000}, 2, 0, 20), ""))
	if first := ratings.Rows[0]; first.Name != "secret-b" || first.Note != wonAll || !strings.Contains(strings.Join(strings.Fields(stdout), " "), "No method has a finite rating") {
		t.Errorf("first row = %+v:\n%s", first, stdout)
	}
	if e := pairs.Rows[0].Values["looks"]; e.Mean != 0 || e.High < 5 || e.High > 25 {
		t.Errorf("share = %+v, want 0 with Wilson's interval of 40 votes", e)
	}
}

func TestReportOfFewVotes(t *testing.T) {
	v := sample("ann", 0)
	v.Fits = left
	ratings, _, stdout, _ := reported(t, written(t, []vote{v}, ""))
	text := strings.Join(strings.Fields(stdout), " ")
	if ratings.Rows[0].Note != wonAll || !strings.Contains(text, "1 voter stopped before the first check of attention") {
		t.Errorf("rows %+v:\n%s", ratings.Rows, stdout)
	}
	var few []vote
	for i := range 6 {
		v.Pair, v.Caption, v.Looks, v.Fits = i, fmt.Sprint("caption ", i), left, right
		if i < 2 {
			v.Looks, v.Fits = right, left
		}
		few = append(few, v)
	}
	ratings, _, stdout, _ = reported(t, written(t, few, ""))
	if e := ratings.Rows[0].Values["looks"]; !e.Known() || e.HasInterval() || !strings.Contains(strings.Join(strings.Fields(stdout), " "), "Too few votes for intervals of the ratings") {
		t.Errorf("rating of six votes = %+v, want no interval:\n%s", e, stdout)
	}
	few[0].Looks = none
	if _, _, stdout, _ = reported(t, written(t, few, "")); !strings.Contains(stdout, `1 of 12 answers are "cannot say"`) {
		t.Errorf("stdout does not count \"cannot say\":\n%s", stdout)
	}
}

func TestReportNamesWhatItSkips(t *testing.T) {
	votes := robots(t, []float64{0, .5}, 2, 0, 30)
	torn := line(t, votes[0])
	path := written(t, votes, torn[:40])
	_, _, _, stderr := reported(t, path)
	if want := fmt.Sprintf("prefer: %s:%d: skipped, the line is cut off: ", path, len(votes)+1); !strings.HasPrefix(stderr, want) {
		t.Errorf("stderr = %q, want %q", stderr, want)
	}
}

func TestReportsThatCannotBe(t *testing.T) {
	other := sample("bob", 0)
	other.Study = "t"
	check := sample("ann", 0)
	check.Attention, check.Intact = noiseBeside, left
	failed := check
	failed.Pair, failed.Looks = 1, right
	for why, c := range map[string]struct {
		votes []vote
		want  string
	}{
		"no votes":          {nil, "holds no votes on methods yet"},
		"checks alone":      {[]vote{check}, "holds no votes on methods yet"},
		"two studies":       {[]vote{sample("ann", 0), other}, "holds votes of 2 studies (s, t)"},
		"a pair twice":      {[]vote{sample("ann", 0), sample("ann", 0)}, `voter "ann" has two votes on pair 0`},
		"nobody who passed": {[]vote{sample("ann", 0), failed}, "no vote counts: Voter ann failed 1 of 1 check of attention: 1 vote left out"},
	} {
		var stdout, stderr bytes.Buffer
		if rc := command().Run(t.Context(), []string{"--report", "--votes", written(t, c.votes, "")}, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), c.want) || stdout.Len() > 0 {
			t.Errorf("%s: rc = %d, %s, want %q", why, rc, &stderr, c.want)
		}
	}
	var stdout, stderr bytes.Buffer
	rc := command().Run(t.Context(), []string{"--report", "--votes", filepath.Join(t.TempDir(), "none.jsonl")}, &stdout, &stderr)
	if rc != 1 || !strings.Contains(stderr.String(), "no such file") || !strings.Contains(stderr.String(), "want the file of votes") {
		t.Errorf("rc = %d: %s", rc, &stderr)
	}
}

// The same votes give the same bytes, in all forms.
func TestReportRepeats(t *testing.T) {
	path := written(t, robots(t, []float64{0, .5, 1}, 3, 0, 30), "")
	var before map[string]string
	for range 2 {
		out := t.TempDir()
		var stdout, stderr bytes.Buffer
		if rc := command().Run(t.Context(), []string{"--report", "--votes", path, "--out", out}, &stdout, &stderr); rc != 0 {
			t.Fatal(stderr.String())
		}
		files := map[string]string{}
		for _, name := range []string{"ratings.md", "ratings.csv", "ratings.json", "ratings.tex", "ratings.txt", "ratings.png", "pairs.md", "pairs.json", "pairs.png"} {
			text, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(text)
			if before != nil && before[name] != files[name] {
				t.Errorf("%s differs", name)
			}
		}
		before = files
	}
	var t1 report.Table
	if err := json.Unmarshal([]byte(before["ratings.json"]), &t1); err != nil || len(t1.Rows) != 3 {
		t.Errorf("%d rows, %v", len(t1.Rows), err)
	}
	if e := (eval.Estimate{}); t1.Rows[0].Values["rating"] == e {
		t.Error("no rating in the table")
	}
}

func TestWhyAMethodHasNoRating(t *testing.T) {
	win, loss, tie := preference.Vote{A: 0, B: 1, Score: 1}, preference.Vote{A: 0, B: 1}, preference.Vote{A: 1, B: 0, Score: .5}
	for want, questions := range map[string][2][]preference.Vote{
		"won every vote on looks and the caption: no finite rating":                   {{win, win}, {win}},
		"lost every vote on looks and the caption: no finite rating":                  {{loss}, {loss, loss}},
		"won every vote on the caption: no finite rating":                             {{win, loss}, {win}},
		"lost every vote on looks: no finite rating":                                  {{loss, loss}, {loss, tie}},
		"not rated: chains of wins do not lead from it to the rated methods and back": {{win}, {loss}},
	} {
		if got := unrated(0, questions[:]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
