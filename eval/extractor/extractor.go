package extractor

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/gomlx/compute"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/named"
)

// RGB is a decoded picture: 8 bits per channel, rows from the top, no alpha.
type RGB struct {
	Width, Height int
	Pix           []uint8 // [Height·Width·3]
}

// Output is what a network says of a batch of n pictures.
type Output struct {
	Features eval.Features // [n,D]
	Logits   eval.Features // [n,classes], for the Inception Score; empty where the network has none
	Classes  []int32       // [n,A], attributes of the built-in world; nil where the network knows none
}

// Extractor maps pictures to features. The features of a picture do not depend on the others of its batch.
type Extractor interface {
	// Name tells people what was used: network, weights' origin and preprocessing.
	Name() string
	// Key changes whenever the features may: with weights, preprocessing, code version and the engine's rounding. Caches are keyed by it.
	Key() string
	// Batch is the number of pictures per call of the network: multiples of it waste nothing.
	Batch() int
	// Extract takes any number of pictures of any sizes.
	Extract(ctx context.Context, pictures []RGB) (Output, error)
	Close()
}

// Captioner is an Extractor that embeds captions beside pictures, in the same space.
type Captioner interface {
	Extractor
	// Captions returns [n,D] embeddings, not normalised.
	Captions(ctx context.Context, captions []string) (eval.Features, error)
}

// Drawn is an Extractor that also takes pictures [n,S,S,3] of its own size S as a model draws them, before they are rounded to 8 bits.
type Drawn interface {
	Extractor
	ExtractDrawn(ctx context.Context, flat []float32) (Output, error)
}

// Options say how an extractor is opened.
type Options struct {
	Engine  func(context.Context) (compute.Backend, error) // asked once the weights are found
	Weights string                                         // file or folder; empty: where Kind finds them by itself
	Mode    string                                         // preprocessing: one of Kind.Modes, empty for the first
	Batch   int                                            // pictures per call of the network; 0 for the default

	Captions bool      // captions will come: Open refuses a Captioner that lacks its vocabulary
	Progress io.Writer // told in a line when something is fetched; nil for silence

	found func(sum string) // told the weights' SHA-256
}

// Kind is an extractor that can be opened by name.
type Kind struct {
	Name     string   // as typed: "inception", "dinov2-l", "clip-l14-336", "scenes"
	About    string   // one line for --help
	Modes    []string // preprocessings, the default first; empty where there is one only
	Captions bool     // what Open returns is a Captioner
	Logits   bool     // Output has logits; of Scenes only where the bundle has a classifier
	Bundled  bool     // the weights are a folder that pretrain wrote
	Open     func(ctx context.Context, o Options) (Extractor, error)
}

var kinds []Kind // by name

// register adds a kind, while the package starts.
func register(k Kind) Kind {
	kinds = named.Insert(kinds, k, Kind.name)
	return k
}

func (k Kind) name() string { return k.Name }

// Kinds lists all extractors by name.
func Kinds() []Kind { return slices.Clone(kinds) }

// errSum ends Open where only the weights are looked for.
var errSum = errors.New("weights found")

// Sum finds the weights as Open does, and gives their SHA-256 without loading them. It is "" for kinds of a bundle.
func (k Kind) Sum(ctx context.Context, o Options) (sum string, err error) {
	if k.Bundled {
		return "", nil
	}
	o.found = func(s string) { sum = s }
	o.Engine = func(context.Context) (compute.Backend, error) { return nil, errSum }
	if _, err := k.Open(ctx, o); !errors.Is(err, errSum) {
		return "", err
	}
	return sum, nil
}

// ByName finds a kind; an error lists the known names.
func ByName(name string) (Kind, error) { return named.Find("extractor", name, kinds, Kind.name) }
