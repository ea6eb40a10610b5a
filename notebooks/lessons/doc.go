// Package lessons does the work behind the notebooks' cells, about one file per notebook, so that a cell stays a few lines. It calls the
// packages that the programs call, opens engine and networks when they are first needed, and keeps trainings in folders where the next
// cell finds them: to a notebook every cell is a program of its own.
package lessons
