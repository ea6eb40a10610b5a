package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/metric"
)

// list shows what there is to choose from.
func list(w io.Writer) error {
	fmt.Fprintln(w, "metrics")
	for _, m := range metric.All() {
		var outputs, params []string
		for _, o := range m.Outputs {
			arrow := "↑"
			if o.Lower {
				arrow = "↓"
			}
			outputs = append(outputs, o.Name+" "+arrow)
		}
		for _, p := range m.Params {
			params = append(params, fmt.Sprintf("%s.%s=%d (%s)", m.Name, p.Name, p.Default, p.About))
		}
		fmt.Fprintf(w, "  %-12s %s (%s)\n%15sgives %s; extractor %s; usually %d pictures\n", m.Name, m.Title, m.Source, "", strings.Join(outputs, ", "), m.Extractor, m.Usual)
		if params != nil {
			fmt.Fprintf(w, "%15s%s\n", "", strings.Join(params, ", "))
		}
	}
	fmt.Fprintln(w, "\nextractors")
	for _, k := range extractor.Kinds() {
		modes := ""
		if k.Modes != nil {
			modes = "; modes " + strings.Join(k.Modes, ", ")
		}
		fmt.Fprintf(w, "  %-14s %s%s\n", k.Name, k.About, modes)
	}
	_, err := fmt.Fprintln(w, "\n↓ lower is better, ↑ higher is better; the first mode is the default")
	return err
}
