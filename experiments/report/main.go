// Command report renders what sweeps have measured: every table in all its forms, and one HTML page with all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/program"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/sweep"
)

const usage = `report builds tables, plots, a list of the paper's claims and one HTML page from a folder of results; it trains nothing and needs no engine.

  go run ./experiments/report                                 results/ and, below it, results/reference/
  go run ./experiments/report --results results/reference     the committed results alone
  go run ./experiments/report --results results/data/photos   tables on other data, which are in none of the pictures above
  go run ./experiments/report --out page.html                 another file for the page
  go run ./experiments/report --beside results/reference      do my cells and seeds agree with the committed ones? Into agreement.md
  go run ./experiments/report --pack results/runs             all finished runs as one file, results/runs.jsonl, which every program reads as the folder

`

func main() { command().Main() }

func command() program.Program {
	var results, out, beside, pack string
	return program.Program{
		Name: "report", Usage: usage,
		Parse: func(f *flag.FlagSet, args []string) error {
			f.StringVar(&results, "results", "results", "`folder` that ablate wrote to")
			f.StringVar(&out, "out", "", "`file` for the page (default: index.html in the folder); claims.md, departures.md and versus.png go next to it")
			f.StringVar(&beside, "beside", "", "`folder` of another sweep, to compare the cells and seeds that both have")
			f.StringVar(&pack, "pack", "", "`folder` of finished runs to write as one file next to it, with thinned curves and without weights; nothing else is done")
			return program.Flags(f, args)
		},
		Do: func(_ context.Context, stdout, _ io.Writer) error {
			if pack != "" {
				path, n, err := sweep.Pack(pack)
				if err == nil {
					fmt.Fprintf(stdout, "wrote %s: %d runs\n", path, n)
				}
				return err
			}
			if beside == "" {
				return build(results, out, stdout)
			}
			there, err := report.Tables(beside)
			if err != nil { // else it is noticed when all is written
				return fmt.Errorf("--beside %s: %w", beside, err)
			}
			if err := build(results, out, stdout); err != nil {
				return err
			}
			return compare(results, beside, there, stdout)
		},
	}
}

func build(results, out string, stdout io.Writer) error {
	if out == "" {
		out = filepath.Join(results, "index.html")
	}
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return fmt.Errorf("out = %q, want a file for the page, that is a folder", out)
	}
	apart, err := report.Apart(results)
	if err != nil {
		return err
	}
	for _, folder := range apart {
		fmt.Fprintf(stdout, "%s: tables on other data, of another engine or of an earlier default cell, which have a page of their own: --results %s\n", folder, folder)
	}
	sections, err := report.Find(results)
	if err != nil {
		return err
	}
	beside := func(name string) string { return filepath.Join(filepath.Dir(out), name) }
	folders, err := linked(apart, beside(""), recipeOf(sections))
	if err != nil {
		return err
	}
	on := onData(sections)
	page := report.Page{Title: "Adversarial diffusion distillation: what was measured" + on, Apart: folders}
	tables, said, opened := setApart(results, sections), "", curves{}
	for i, section := range sections {
		if _, err := report.WriteAll(filepath.FromSlash(section.From), section.Table, section.Times); err != nil {
			return err
		}
		if err := sections[i].ReadPictures(); err != nil {
			return err
		}
		if sections[i].Pictures, err = opened.of(filepath.FromSlash(section.From), section.Table); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s: %d cells\n", section.From, len(section.Table.Rows))
		if section.Warning != "" && section.Warning != said {
			fmt.Fprintln(stdout, "  "+section.Warning)
		}
		said = section.Warning // once for many
	}
	page.Sections, page.Findings, page.Samples = sections, findings(tables), samples(sections)
	if err := os.MkdirAll(beside(""), 0o777); err != nil {
		return err
	}
	versus, err := report.NewPicture("Every cell against the paper's, each relative to the cell that its table compares with", report.Versus("Ours against the paper's"+on, tables))
	if err != nil {
		return err
	}
	if err := record.WriteFile(beside("versus.png"), versus.PNG); err != nil {
		return err
	}
	page.Pictures = []report.Picture{versus}
	if page.Files, err = departures(beside(""), tables); err != nil {
		return err
	}
	if err := atomicfile.Write(beside("claims.md"), page.ClaimsMarkdown); err != nil {
		return err
	}
	if err := atomicfile.Write(out, page.HTML); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "wrote", out)
	return nil
}

// linked leads from a folder to the pages and claims of others, as far as they are there.
func linked(folders []string, from, recipe string) (list []report.Folder, err error) {
	from, err = filepath.Abs(from)
	for _, folder := range folders {
		there, fault := filepath.Abs(filepath.FromSlash(folder))
		way, fault2 := filepath.Rel(from, there)
		tables, fault3 := comparable(there, recipe)
		if err = errors.Join(err, fault, fault2, fault3); err != nil {
			return nil, err
		}
		to := func(name string) string {
			if _, err := os.Stat(filepath.Join(there, name)); err != nil {
				return ""
			}
			return filepath.ToSlash(filepath.Join(way, name))
		}
		list = append(list, report.Folder{Name: folder, Page: to("index.html"), Claims: to("claims.md"), Tables: tables})
	}
	return list, err
}

// onData names the data of tables that are all on the same other data than the built-in world's.
func onData(sections []report.Section) string {
	data := sections[0].Table.Data
	if data == "" || data == "scenes" || slices.ContainsFunc(sections, func(s report.Section) bool { return s.Table.Data != data }) {
		return ""
	}
	return ", on " + data
}
