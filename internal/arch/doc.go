// Package arch holds tests of the whole repository: imports point down, every package has a comment, files and the README stay short,
// and documents link to files that exist and quote results as they are.
package arch
