package ablations

import (
	"slices"
	"strings"

	"github.com/addlab/addlab/record"
)

// environments reads what the records behind outcomes ran on, in their order. Records of other machines may differ.
func environments(outcomes []Outcome) (envs []record.Environment) {
	for _, o := range outcomes {
		for _, dir := range slices.Backward(o.Dirs) { // the training first
			envs = append(envs, record.Environments(dir)...)
		}
	}
	return envs
}

// header has what is the same in all environments.
func header(envs []record.Environment) (pairs []record.Pair) {
	for i, env := range envs {
		if i == 0 {
			pairs = env.Header()
			continue
		}
		other := env.Header()
		pairs = slices.DeleteFunc(pairs, func(p record.Pair) bool { return !slices.Contains(other, p) })
	}
	return pairs
}

// provenance names the engines and commits behind outcomes, each once.
func provenance(outcomes []Outcome) (engines, commits string) {
	var es, cs []string
	add := func(list []string, s string) []string {
		if s = strings.TrimSpace(s); s == "" || slices.Contains(list, s) {
			return list
		}
		return append(list, s)
	}
	for _, env := range environments(outcomes) {
		es = add(es, env.Engine+" "+env.EngineVersion)
		commit := env.Commit
		if len(commit) > 12 {
			commit = commit[:12]
		}
		if env.Dirty {
			commit += "+dirty"
		}
		cs = add(cs, commit)
	}
	return strings.Join(es, "; "), strings.Join(cs, ", ")
}
