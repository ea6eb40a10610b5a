package engine

import (
	"context"
	"io"
	"slices"
	"time"
)

// Report is the result of Probe for one engine.
type Report struct {
	Engine      string  `json:"engine"`
	Available   bool    `json:"available"`
	Reason      string  `json:"reason,omitempty"` // why it is not available, or what is wrong with it
	Version     string  `json:"version,omitempty"`
	Device      string  `json:"device,omitempty"`
	Source      string  `json:"source,omitempty"`       // how its library was found or came here
	Library     string  `json:"library,omitempty"`      // its path
	OpenSeconds float64 `json:"open_seconds,omitempty"` // with fetching, if that was needed
	GFlops      float64 `json:"gflops,omitempty"`       // of a small training step, see Benchmark
	Chosen      bool    `json:"chosen"`                 // Open would take this one
	Why         string  `json:"why,omitempty"`
}

// Probe opens and measures, one after the other, the engines of the choice as Open reads it; with no choice, all of them.
// Without fetch only what is on this machine counts.
func Probe(ctx context.Context, choice string, fetch bool, progress io.Writer) ([]Report, error) {
	p, err := readChoice(choice)
	if err != nil {
		return nil, err
	}
	eligible := len(p.candidates)
	if choice == "" || choice == "auto" { // GOMLX_BACKEND may have narrowed the choice, but not the question
		for _, name := range automatic {
			if !slices.ContainsFunc(p.candidates, func(c candidate) bool { return c.label() == name }) {
				p.candidates = append(p.candidates, candidate{name: name})
			}
		}
	}

	var reports []Report
	chosen := false
	s := newSetting(fetch, progress)
	for i, c := range p.candidates {
		r, why := probe(ctx, c, p, s)
		if err := ctx.Err(); err != nil {
			return reports, err
		}
		if r.Available && !chosen && i < eligible {
			chosen, r.Chosen, r.Why = true, true, why
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// probe opens and measures one engine; why is the reason for it if it is the chosen one.
func probe(ctx context.Context, c candidate, p plan, s setting) (r Report, why string) {
	r.Engine = c.label()
	start := time.Now()
	e, err := open(ctx, c, s)
	if err != nil {
		r.Reason = oneLine(err.Error())
		return r, ""
	}
	defer e.Close()
	r.OpenSeconds = time.Since(start).Seconds()
	r.Available, r.Version, r.Device, r.Source, r.Library = true, e.Version, e.Device, e.library.source, e.library.path
	if r.GFlops, err = Benchmark(ctx, e.Backend); err != nil {
		r.Reason = "benchmark: " + oneLine(err.Error())
	}
	return r, p.why(e)
}
