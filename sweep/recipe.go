package sweep

import (
	"fmt"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// Recipe names the versions of training and evaluation.
var Recipe = recipeName(distill.RecipeVersion, evaluationRecipe)

func recipeName(train, measure int) string {
	return fmt.Sprintf("distill %d, evaluate %d", train, measure)
}

// OtherRecipes counts the runs that another version of the recipe made, by kind and version. They never come into a table: their
// configs have other hashes.
func OtherRecipes(runs *record.Runs) (map[string]int, error) {
	all, err := runs.All()
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	others := map[string]int{}
	for _, run := range all {
		var c struct {
			Kind    string
			Recipe  int
			Distill struct{ Recipe int }
		}
		if err := run.Config(&c); err != nil {
			continue // one that has just begun
		}
		switch {
		case c.Kind == "distill" && c.Distill.Recipe != distill.RecipeVersion:
			others[fmt.Sprintf("distill %d", c.Distill.Recipe)]++
		case c.Kind == "evaluate" && c.Recipe != evaluationRecipe:
			others[fmt.Sprintf("evaluate %d", c.Recipe)]++
		}
	}
	return others, nil
}
