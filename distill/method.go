package distill

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/train"
)

// Method is a way to train a student; each has a file of its own. Batches, the student's average, checkpoints and health are the same
// for all of them.
type Method interface {
	// Losses names the values that updates return, in the order of display. What no update of a step returns is reported as 0.
	Losses() []string

	// Init creates what the method trains besides the student, in a store that holds the frozen networks and the student.
	Init(store *model.Store) error

	// Updates lists the updates of a step in their order. Each has a batch of its own, and every step has as many: five of a
	// critic and one of the student are six.
	Updates(step int) []Update
}

// Form is how a student draws in several steps.
func (c Config) Form() diffusion.Form {
	if c.Method != nil {
		if s, ok := c.Method.Settings.(interface{ form() diffusion.Form }); ok {
			return s.form()
		}
	}
	return diffusion.Renoise
}

// diffuses reports whether a method shows its discriminator diffused pictures, at levels of its own.
func (n *Named) diffuses() bool {
	if n == nil {
		return false
	}
	_, ok := n.Settings.(interface{ diffuses() })
	return ok
}

// readsWeights reports whether a method reads or changes weights of the student by itself, so that it must have all of them.
func (n *Named) readsWeights() bool {
	if n == nil {
		return false
	}
	_, ok := n.Settings.(interface{ readsWeights() })
	return ok
}

// TeacherCopies counts the copies of the teacher that a training holds and keeps in its checkpoints, beside the student.
func (c Config) TeacherCopies() int {
	if c.Method != nil {
		if s, ok := c.Method.Settings.(interface{ teacherCopies() int }); ok {
			return s.teacherCopies()
		}
	}
	return 0
}

// TeacherPairs are what a method regresses to; without a count where it does not.
func (c Config) TeacherPairs() Pairs {
	if c.Method != nil {
		if s, ok := c.Method.Settings.(interface{ teacherPairs() Pairs }); ok {
			return s.teacherPairs()
		}
	}
	return Pairs{}
}

// Update moves some of the networks once.
type Update struct {
	Name  string                                // of the graph, which is compiled once
	Draw  func(b dataset.Batch, number int) any // the graph's inputs, a struct of tensors; number counts batches from 1
	Graph train.Graph                           // moves the networks, returns losses by name
	Then  *Update                               // what follows on the same batch, with the same number; nil for nothing
}

func newMethod(cfg Config, b Base) (Method, error) { return methodOver(cfg, b, 1, nil) }

// methodOver is the method of a config whose batches so many devices share, and whose captions may be kept as states.
func methodOver(cfg Config, b Base, devices int, kept *states) (Method, error) {
	s, err := newSetup(cfg, b)
	if err != nil {
		return nil, err
	}
	s.devices, s.states = devices, kept
	seen, _ := s.sample()
	_, decoded := b.(Autoencoded)
	if decoded && cfg.Adversarial > 0 && s.encodes() && cfg.Discriminator.Augment {
		return nil, fmt.Errorf("distill: discriminator.augment = true, want false with features_net = %q, which sees latents: DiffAugment is for pictures", cfg.Features())
	}
	if cfg.Adversarial > 0 && (cfg.Discriminator.Renoise != nil || cfg.Method.diffuses()) && !s.encodes() && (decoded || s.featuresSide() != seen) {
		return nil, fmt.Errorf("distill: features_net = %q, want %q with discriminator.renoise and methods that diffuse: others see pictures of another shape than the noise", cfg.Features(), teacherScope)
	}
	if cfg.Method != nil {
		return cfg.Method.method(s), nil
	}
	t := terms{adversary{s}, matching{s}}
	if cfg.Consistency != nil {
		return &lcm{t}, nil
	}
	return &add{t}, nil
}

// Suits is an error where a config cannot be trained on a base. It reads no weights.
func Suits(cfg Config, b Base) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	if err := b.Want(cfg.Parts()...); err != nil {
		return err
	}
	if _, err := newMethod(cfg, b); err != nil || cfg.Adversarial == 0 {
		return err
	}
	s, err := newSetup(cfg, b)
	if err == nil {
		_, err = s.headWidths()
	}
	return err
}

// terms are what every method may have beside a loss of its own.
type terms struct {
	adversary
	match matching
}

// Init implements Method.
func (t terms) Init(store *model.Store) error {
	t.adversary.initPassed(store)
	return errors.Join(t.adversary.Init(store), t.match.Init(store))
}

// Losses implements Method.
func (t terms) Losses() []string { return append(t.adversary.Losses(), t.match.Losses()...) }
