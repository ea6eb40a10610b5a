// Command report renders what sweeps have measured: every table in all its forms, and one HTML page with all of them.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

const usage = `report builds tables, plots and one HTML page from a folder of results; it trains nothing and needs no engine.

  go run ./experiments/report                                 results/ and, below it, results/reference/
  go run ./experiments/report --results /tmp/smoke            another folder
  go run ./experiments/report --out page.html                 the page somewhere else

`

func main() { command().Main() }

func run(args []string, stdout, stderr io.Writer) int {
	return command().Run(context.Background(), args, stdout, stderr)
}

func command() program.Program {
	var results, out string
	return program.Program{
		Name: "report", Usage: usage,
		Parse: func(f *flag.FlagSet, args []string) error {
			f.StringVar(&results, "results", "results", "`folder` that ablate wrote to")
			f.StringVar(&out, "out", "", "`file` for the page (default: index.html in the folder)")
			return program.Flags(f, args)
		},
		Do: func(_ context.Context, stdout, _ io.Writer) error { return build(results, out, stdout) },
	}
}

// build renders every table below the folder and the page.
func build(results, out string, stdout io.Writer) error {
	if out == "" {
		out = filepath.Join(results, "index.html")
	}
	sections, err := report.Find(results)
	if err != nil {
		return err
	}
	page := report.Page{
		Title: "Adversarial diffusion distillation: what was measured",
		Lead:  "Every number comes from runs whose config, seed, engine and commit are on disk beside the tables.",
	}
	plane := report.Plane{Title: "All cells in the plane of FID and CLIP score"}
	for _, section := range sections {
		if _, err := report.WriteAll(filepath.FromSlash(section.From), section.Table, record.WriteFile); err != nil {
			return err
		}
		page.Sections = append(page.Sections, section)
		plane.Tables = append(plane.Tables, section.Table)
		fmt.Fprintf(stdout, "%s: %d cells\n", section.From, len(section.Table.Rows))
	}
	var png bytes.Buffer
	if err := plane.PNG(&png); err != nil {
		return err
	}
	page.Pictures = []report.Picture{{Caption: "All cells in the plane of FID and CLIP score", PNG: png.Bytes()}}
	if err := report.WriteFile(out, page.HTML, record.WriteFile); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "wrote", out)
	return nil
}
