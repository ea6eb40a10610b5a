// Package arch holds no code, only tests of what no single package can test: imports point down, every package says what it
// is, files stay short, and the documentation names things that exist.
package arch
