package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// Recipe names the versions of what this program trains and measures.
var Recipe = recipeName(distill.RecipeVersion, evaluationRecipe)

func recipeName(train, measure int) string {
	return fmt.Sprintf("distill %d, evaluate %d", train, measure)
}

// Foreign counts the records in a folder of runs that another recipe version made, by kind and version. They are never mixed into a
// table, since their configs have other hashes.
func Foreign(runs string) (map[string]int, error) {
	entries, err := os.ReadDir(runs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	foreign := map[string]int{}
	for _, e := range entries {
		var c struct {
			Kind    string
			Recipe  int
			Distill struct{ Recipe int }
		}
		if err := record.ReadJSON(filepath.Join(runs, e.Name(), "config.json"), &c); err != nil {
			continue // no record, or one that has just begun
		}
		switch {
		case c.Kind == "distill" && c.Distill.Recipe != distill.RecipeVersion:
			foreign[fmt.Sprintf("distill %d", c.Distill.Recipe)]++
		case c.Kind == "evaluate" && c.Recipe != evaluationRecipe:
			foreign[fmt.Sprintf("evaluate %d", c.Recipe)]++
		}
	}
	return foreign, nil
}
