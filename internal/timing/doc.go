// Package timing holds what the programs share that time this project beside Python: a process that answers line by line, so that both
// can take turns; medians; and the files that a measurement leaves.
package timing
