// Package ablations holds the questions that are asked of the recipe. An Axis is a question, its Cells are edits to the default config
// of package distill, and its Claims are what the paper found. Package sweep answers it with a table of scores.
//
// An axis is one file with one call of register; nothing else knows it.
package ablations
