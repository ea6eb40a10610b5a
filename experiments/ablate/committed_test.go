package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
	"github.com/addlab/addlab/sweep"
)

var update = flag.Bool("update", false, "make the committed tables anew from their runs")

// committedTables calls visit with the tables under results/reference.
func committedTables(t *testing.T, visit func(dir string, table report.Table)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir("../../results/reference", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "table.json" {
			return err
		}
		table, err := report.ReadTable(path)
		if err != nil {
			return err
		}
		n++
		visit(filepath.Dir(path), table)
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d tables (%v), want some", n, err)
	}
}

// Every committed table of this recipe is what --no-train makes of the packed runs beside it, byte for byte.
func TestCommittedTablesFollowFromTheirRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("makes all committed tables")
	}
	committedTables(t, func(dir string, table report.Table) {
		if strings.HasPrefix(filepath.ToSlash(dir), "../../results/reference/earlier/") {
			return // of another default cell
		}
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), "../../results/"), func(t *testing.T) {
			var cells, seeds []string
			images := 0
			for _, r := range table.Rows {
				cells, images = append(cells, r.Name), max(images, r.Images)
				for _, s := range r.BySeed {
					if seed := fmt.Sprint(s.Seed); !slices.Contains(seeds, seed) {
						seeds = append(seeds, seed)
					}
				}
			}
			committed, out := filepath.Dir(dir), t.TempDir()
			if *update {
				out = committed
			} else {
				text, err := os.ReadFile(filepath.Join(committed, "runs.jsonl"))
				if err == nil {
					err = os.WriteFile(filepath.Join(out, "runs.jsonl"), text, 0o666)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			data := cmp.Or(table.Data, "scenes")
			if data == "emoji" {
				datasets, err := download.Dir("datasets")
				if err == nil {
					_, err = os.Stat(filepath.Join(datasets, data))
				}
				if err != nil {
					t.Skipf("its pictures are not fetched, and 158 MB are too many for a test: %v", err)
				}
			}
			var stdout, stderr bytes.Buffer
			if rc := run(t.Context(), []string{
				"--no-train", "--axis", table.Axis, "--cells", strings.Join(cells, ","), "--seeds", strings.Join(seeds, ",") + ",", "--scale", table.Scale, "--images", fmt.Sprint(images),
				"--data", data, "--pretrained", filepath.Join("..", "..", "pretrained", data), "--out", out, "--reference", out,
			}, &stdout, &stderr); rc != 0 {
				t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
			}
			made, err := filepath.Glob(filepath.Join(out, table.Axis, "*"))
			if err != nil || len(made) < 5 {
				t.Fatalf("%d files (%v), want a table in all its forms", len(made), err)
			}
			for _, path := range made {
				switch filepath.Base(path) {
				case "table.csv", "table.tex", "table.txt":
					continue // other forms of table.json, which are not committed
				}
				got, err := os.ReadFile(path)
				want, wantErr := os.ReadFile(filepath.Join(dir, filepath.Base(path)))
				if err != nil || wantErr != nil || !bytes.Equal(got, want) {
					t.Errorf("%s is another one than the committed (%v, %v): read the difference that -update makes", filepath.Base(path), err, wantErr)
				}
			}
		})
	})
}

// The hashes in a committed table lead to lines of the pack beside it: the config with its seed, the engine and the commit.
func TestCommittedTablesAreTraceable(t *testing.T) {
	packs := map[string]*record.Runs{}
	committedTables(t, func(dir string, table report.Table) {
		beside := filepath.Join(filepath.Dir(dir), "runs")
		if packs[beside] == nil {
			runs, err := record.OpenRuns(beside)
			if err != nil {
				t.Fatal(err)
			}
			packs[beside] = runs
		}
		for _, row := range table.Rows {
			for _, s := range row.BySeed {
				var trained distill.RunConfig
				var evaluated sweep.Evaluation
				for hash, config := range map[string]any{s.Run: &trained, s.Evaluation: &evaluated} {
					run, _ := packs[beside].Lookup(hash)
					if err := run.Config(config); err != nil {
						t.Fatalf("%s, %s, seed %d: %v", dir, row.Name, s.Seed, err)
					}
					// The config has the fields of this program's: else it would not find the run again.
					if again, err := record.Hash(config); err != nil || again != hash {
						t.Errorf("%s: hash %s (%v), want its name", run, again, err)
					}
					if env := run.Environments(); len(env) == 0 || env[0].Engine == "" || env[0].Commit == "" {
						t.Errorf("%s: environments %v, want engine and commit", run, env)
					}
				}
				if trained.Distill.Seed != s.Seed || evaluated.Run != s.Run {
					t.Errorf("%s, %s: seed %d of run %s, evaluated %s, want seed %d and run %s", dir, row.Name, trained.Distill.Seed, s.Run, evaluated.Run, s.Seed, s.Run)
				}
			}
		}
	})
}
