package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/processes"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report/plot"
)

// growing is a size that is made larger, and what is timed at each.
type growing struct {
	name, task string
	sizes      []int
	point      func(ctx context.Context, o options, size int, stderr io.Writer) (Point, error)
}

// growths are independent: each changes one size.
var growths = []growing{
	{"batch", "step of ADD", []int{1, 4, 16, 64, 256}, addStep},
	{"side", "step of the teacher's training, batch 8", []int{16, 32, 64, 128}, sideStep},
	{"width", "step of the teacher's training, batch 8", []int{32, 64, 128, 256}, widthStep},
	{"fid", "FID of so many pictures, 128 features", []int{1000, 5000, 10000, 25000, 50000}, fidOf},
	{"recall", "precision and recall of so many pictures, 128 features", []int{1000, 5000, 10000, 25000, 50000}, recallOf},
}

// Point is what one size costs, in a process of its own.
type Point struct {
	Size    int       `json:"size"`
	First   float64   `json:"first,omitempty"` // seconds of the first call, which compiles
	Seconds []float64 `json:"seconds"`         // of the calls after it
	MiB     int       `json:"mib"`             // of memory, at most
	Failed  string    `json:"failed,omitempty"`
}

// Growth is one size's points.
type Growth struct {
	Size   string  `json:"size"`
	Task   string  `json:"task"`
	Points []Point `json:"points"`
}

// GrowthReport is growth.json.
type GrowthReport struct {
	Environment record.Environment `json:"environment"`
	Growths     []Growth           `json:"growths"`
}

// growth has every point measured by a copy of this program, and leaves growth.json, growth.md and growth.png. A point that fails, for
// want of memory say, is named, and the others go on.
func growth(ctx context.Context, o options, env record.Environment, stdout, stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := GrowthReport{Environment: env}
	for _, g := range growths {
		r.Growths = append(r.Growths, Growth{Size: g.name, Task: g.task})
		points := &r.Growths[len(r.Growths)-1].Points
		for _, size := range g.sizes {
			if o.largest > 0 && size > o.largest {
				continue
			}
			cmd := processes.Command(ctx, self, "--point", fmt.Sprintf("%s=%d", g.name, size), "--engine", o.engine, "--pretrained", o.pretrained, "--scale", o.scale, "--rounds", fmt.Sprint(o.rounds))
			cmd.Stderr = stderr
			p := Point{Size: size}
			if out, err := cmd.Output(); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				p.Failed = err.Error()
			} else if err := json.Unmarshal(out, &p); err != nil {
				return fmt.Errorf("%s = %d: %w", g.name, size, err)
			}
			*points = append(*points, p)
			fmt.Fprintf(stdout, "%s = %d: %s\n", g.name, size, p.cell())
		}
	}
	return r.write(o.out, stdout)
}

// onePoint is what such a copy does.
func onePoint(ctx context.Context, o options, stdout, stderr io.Writer) error {
	var names []string
	for _, g := range growths {
		names = append(names, g.name)
		if g.name != o.pointOf {
			continue
		}
		p, err := g.point(ctx, o, o.pointSize, stderr)
		if err != nil {
			return err
		}
		p.Size = o.pointSize
		if _, peak, err := engine.Memory(); err == nil { // else it is not known here
			p.MiB = int(peak >> 20)
		}
		return json.NewEncoder(stdout).Encode(p)
	}
	return fmt.Errorf("point = %q, want one of %q", o.pointOf, names)
}

// timed calls once to compile, and then in rounds.
func timed(ctx context.Context, rounds int, call func(round int) error) (p Point, err error) {
	for round := range 1 + rounds {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		began := time.Now()
		if err := call(round); err != nil {
			return p, err
		}
		if took := time.Since(began).Seconds(); round == 0 {
			p.First = took
		} else {
			p.Seconds = append(p.Seconds, took)
		}
	}
	return p, nil
}

func (p Point) cell() string {
	if p.Failed != "" {
		return p.Failed
	}
	return quartiles(p.Seconds)
}

// exponent is that of the power law through two points.
func exponent(from, to Point) float64 {
	return math.Log(median(to.Seconds)/median(from.Seconds)) / math.Log(float64(to.Size)/float64(from.Size))
}

// Markdown writes times with quartiles, and the exponent from each size to the next.
func (r GrowthReport) Markdown(w io.Writer) {
	for _, g := range r.Growths {
		fmt.Fprintf(w, "| %s | %s, seconds | exponent | first call, s | memory, MiB |\n|---:|---:|---:|---:|---:|\n", g.Size, g.Task)
		for i, p := range g.Points {
			power := "–"
			if i > 0 && p.Failed == "" && g.Points[i-1].Failed == "" {
				power = fmt.Sprintf("%.2f", exponent(g.Points[i-1], p))
			}
			fmt.Fprintf(w, "| %d | %s | %s | %.1f | %d |\n", p.Size, p.cell(), power, p.First, p.MiB)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "Medians with quartiles, each size in a process of its own, on %s. The exponent leads from the size above: 1 is linear growth.\n", r.Environment.Device)
}

// curves set every time beside that of the smallest size.
func (r GrowthReport) curves() plot.Curves {
	c := plot.Curves{Title: "Growth of time with size", XLabel: "times the smallest size", YLabel: "times its seconds", LogX: true, LogY: true}
	for _, g := range r.Growths {
		curve := plot.Curve{Name: g.Size}
		for _, p := range g.Points {
			if p.Failed == "" && g.Points[0].Failed == "" {
				curve.Steps = append(curve.Steps, p.Size/g.Points[0].Size)
				curve.Values = append(curve.Values, median(p.Seconds)/median(g.Points[0].Seconds))
			}
		}
		c.Curves = append(c.Curves, curve)
	}
	return c
}

func (r GrowthReport) write(folder string, stdout io.Writer) error {
	var text, png bytes.Buffer
	r.Markdown(&text)
	if err := r.curves().PNG(&png); err != nil {
		return err
	}
	if err := leave(folder, "growth", r, text.Bytes(), stdout); err != nil {
		return err
	}
	return record.WriteFile(filepath.Join(folder, "growth.png"), png.Bytes())
}
