package sweep

import (
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

func environments(outcomes []Outcome) (envs []record.Environment) {
	for _, o := range outcomes {
		for _, run := range o.Records {
			envs = append(envs, run.Environments()...)
		}
	}
	return envs
}

// provenance lists the engines, machines and commits behind outcomes, each once.
func provenance(outcomes []Outcome) (engines, machines, commits string) {
	var es, ms, cs []string
	for _, env := range environments(outcomes) {
		es, ms, cs = append(es, strings.TrimSpace(env.Engine+" "+env.EngineVersion)), append(ms, machine(env)), append(cs, commit(env, 12))
	}
	return strings.Join(once(es), "; "), strings.Join(once(ms), "; "), strings.Join(once(cs), ", ")
}

// once keeps the first of equal texts, and none that is empty.
func once(texts []string) (list []string) {
	for _, s := range texts {
		if s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func commit(env record.Environment, digits int) string {
	name := env.Commit[:min(digits, len(env.Commit))]
	if env.Dirty {
		name += "+dirty"
	}
	return name
}

// machine is the GPU or the model of the processor. The same seed gives other numbers on another one.
func machine(env record.Environment) string {
	if !strings.HasSuffix(env.Engine, ":cuda") {
		return strings.Join(strings.Fields(strings.NewReplacer("(R)", " ", "(TM)", " ").Replace(env.CPU)), " ")
	}
	if strings.HasPrefix(env.Device, "cuda:") { // older runs have only its number
		return "a GPU without a name"
	}
	return env.Device
}

// machinesOf lists machines with the seeds that they trained: "AMD EPYC (1, 2), Intel Xeon Processor (3, 4)".
func machinesOf(outcomes []Outcome) string {
	var names []string
	seeds := map[string][]int64{}
	for _, o := range outcomes {
		if len(o.Records) == 0 {
			continue
		}
		for _, env := range o.Records[0].Environments() { // several where a run went on elsewhere
			if name := machine(env); !slices.Contains(seeds[name], o.Seed) {
				names, seeds[name] = append(names, name), append(seeds[name], o.Seed)
			}
		}
	}
	if names = once(names); len(names) == 1 {
		return names[0]
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%s)", name, formatSeeds(seeds[name]))
	}
	return strings.Join(names, ", ")
}

// defaultCell changes when the default cell becomes another config: tables of two default cells do not compare.
const defaultCell = 2

// Recipe names the versions of training, evaluation and default cell.
var Recipe = fmt.Sprintf("distill %d, evaluate %d, default cell %d", distill.RecipeVersion, evaluationRecipe, defaultCell)

// OtherRecipes counts the runs that another version of the recipe made, by kind and version. They never come into a table: their
// configs have other hashes.
func OtherRecipes(runs *record.Runs) (map[string]int, error) {
	all, err := runs.All()
	if err != nil {
		return nil, err
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
