// Package report turns measured cells into tables, figures, a list of claims and one page.
//
// A [Table] is rows × metrics × cells: its metrics are data, and a row holds an estimate for each that was measured. It prints as GitHub
// Markdown, CSV, JSON, LaTeX, plain text and HTML, and draws itself by package plot; [WriteAll] writes all but HTML. A new metric is one
// entry in [Table.Metrics].
//
// Notation: ↓ lower is better, ↑ higher is better. "12.3 ± 0.4" and "12.3 [11.8, 13.1]" are a mean with its 95 % interval. "–" was not
// measured. "diverged" is a row whose trainings all ended without numbers.
//
// The package knows numbers and texts only: it trains, scores and decides nothing.
package report
