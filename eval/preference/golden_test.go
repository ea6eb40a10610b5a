package preference

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden holds what testdata/golden.py had choix, elote and networkx compute; the file names their versions.
type golden struct {
	Fits []struct {
		Name      string
		Wins      Wins
		Abilities []float64
	}
	Elo struct {
		Methods int
		Games   [][3]float64
		Ratings []float64
	}
	Groups []struct {
		Wins   Wins
		Groups [][]int
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func near(t *testing.T, what string, want, got []float64, tolerance float64) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(want[i]-got[i]) <= tolerance) {
			t.Errorf("%s: value %d = %.10g, want %.10g", what, i, got[i], want[i])
		}
	}
}

func TestBradleyTerryEqualsChoix(t *testing.T) {
	fits := readGolden(t).Fits
	if len(fits) < 3 {
		t.Errorf("%d fits, want some", len(fits))
	}
	for _, c := range fits {
		got, err := BradleyTerry(c.Wins)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		near(t, c.Name, c.Abilities, got, 1e-6)
	}
}

// Turner & Firth 2012 print these abilities of journals, relative to Biometrika, for the citations in golden.json.
func TestBradleyTerryEqualsAPublishedExample(t *testing.T) {
	c := readGolden(t).Fits[0]
	got, err := BradleyTerry(c.Wins)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got[1:] {
		got[i+1] -= got[0]
	}
	near(t, c.Name, []float64{-2.94907, -0.47957, 0.26895}, got[1:], 5e-6)
}

func TestEloEqualsElote(t *testing.T) {
	g := readGolden(t).Elo
	var votes []Vote
	for _, game := range g.Games {
		votes = append(votes, Vote{A: int(game[0]), B: int(game[1]), Score: game[2]})
	}
	if len(votes) < 10 {
		t.Fatalf("%d games, want some", len(votes))
	}
	near(t, "ratings", g.Ratings, elo(g.Methods, votes), 1e-9)
}

func TestGroupsAreStronglyConnectedComponents(t *testing.T) {
	several := 0
	for _, c := range readGolden(t).Groups {
		got := c.Wins.Groups()
		if diff := cmp.Diff(c.Groups, got); diff != "" {
			t.Errorf("wins %v (-want +got):\n%s", c.Wins, diff)
		}
		if len(got) > 1 && len(got) < len(c.Wins) {
			several++
		}
	}
	if several < 3 {
		t.Errorf("%d cases have groups of several kinds, want some", several)
	}
}
