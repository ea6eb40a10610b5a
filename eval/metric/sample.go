package metric

import (
	"fmt"

	"github.com/addlab/addlab/eval"
)

// Sample holds the features of one set of pictures. Unknown fields are empty.
type Sample struct {
	Features eval.Features // [N,D]
	Stats    *eval.Stats   // of the features; taken from Features where nil
	Logits   eval.Features // [N,classes]
	Captions eval.Features // [N,D]: row i is the embedding of picture i's caption
}

// N is the number of pictures; 0 where only statistics without a number are known.
func (s Sample) N() int {
	switch {
	case s.Features.N > 0:
		return s.Features.N
	case s.Logits.N > 0:
		return s.Logits.N
	case s.Stats != nil:
		return s.Stats.N
	}
	return 0
}

// side is what the Fréchet distance compares: given statistics, or else the features.
func (s Sample) side() eval.Side {
	if s.Stats != nil {
		return *s.Stats
	}
	return s.Features
}

// missing names what a metric needs and the sample lacks; "" if nothing.
func (s Sample) missing(n Needs, generated bool) string {
	switch {
	case generated && n.Logits:
		if s.Logits.N == 0 {
			return "class logits"
		}
		return ""
	case s.Features.N == 0 && !(n.Statistics && s.Stats != nil):
		if n.Statistics {
			return "features or statistics"
		}
		return "features"
	case generated && n.Captions && s.Captions.N == 0:
		return "captions"
	}
	return ""
}

// Check checks which parts the samples have, and their N, not the data.
func (m Metric) Check(ref, gen Sample) error {
	if m.Needs.Reference {
		if what := ref.missing(m.Needs, false); what != "" {
			return fmt.Errorf("metric: %s: the reference has no %s, want them", m.Name, what)
		}
		if n := ref.N(); n == 1 && m.Least > 1 {
			return fmt.Errorf("metric: %s: reference pictures = 1, want ≥ 2", m.Name)
		}
	}
	if what := gen.missing(m.Needs, true); what != "" {
		return fmt.Errorf("metric: %s: the generated pictures have no %s, want them", m.Name, what)
	}
	if n := gen.N(); n < m.Least && !(n == 0 && m.Needs.Statistics) {
		return fmt.Errorf("metric: %s: generated pictures = %d, want ≥ %d", m.Name, n, m.Least)
	}
	return nil
}
