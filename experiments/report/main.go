// Command report renders what sweeps have measured: every table in all its forms, and one HTML page with all of them.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

const usage = `report builds tables, plots and one HTML page from a folder of results; it trains nothing and needs no engine.

  go run ./experiments/report                                 results/ and, below it, results/reference/
  go run ./experiments/report --results /tmp/smoke            another folder
  go run ./experiments/report --out page.html                 the page somewhere else

`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("report", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	results := f.String("results", "results", "`folder` that ablate wrote to")
	out := f.String("out", "", "`file` for the page (default: index.html in the folder)")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return 0
	}
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("argument = %q, want flags only (see --help)", f.Arg(0))
	}
	if err == nil {
		err = build(*results, *out, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "report:", err)
		return 1
	}
	return 0
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
