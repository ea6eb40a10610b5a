package discriminator_test

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/distill/discriminator"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/rng"
)

// Heads on two taps of a stand-in network judge real pictures and noise; nobody has trained them yet.
func Example() {
	const batch, size = 8, 8
	cfg := discriminator.DefaultConfig()
	cfg.Text, cfg.Image = false, false

	// A frozen "network" whose tokens are the rows of the picture; the first row plays CLS.
	net := func(img *Node) []*Node {
		rows := Reshape(img, batch, size, size*3)
		return []*Node{rows, Tanh(rows)}
	}
	store := model.NewStore()
	if err := discriminator.Init(store, "/discriminator", []int{size * 3, size * 3}, 0, cfg, 1); err != nil {
		panic(err)
	}

	e, err := engine.Open(context.Background(), "go", nil)
	if err != nil {
		panic(err)
	}
	defer e.Close()
	out := model.MustCallOnceN(e.Backend, store, func(scope *model.Scope, in []*Node) []*Node {
		heads := discriminator.Bind(scope.At("discriminator"), in[0].Graph(), cfg, true)
		real, r1 := heads.LogitsR1(discriminator.Features(net, in[0], in[2], cfg), nil)
		fake := heads.Logits(discriminator.Features(net, in[1], in[2], cfg), nil)
		loss := discriminator.DiscriminatorLoss(real, fake, r1, cfg.R1Weight)
		return []*Node{real[0], loss.Total}
	},
		tensors.FromFlatDataAndDimensions(rng.Normal(rng.New(1, "real", 0), batch*size*size*3), batch, size, size, 3),
		tensors.FromFlatDataAndDimensions(rng.Normal(rng.New(1, "fake", 0), batch*size*size*3), batch, size, size, 3),
		tensors.FromFlatDataAndDimensions(
			discriminator.DrawView(rng.New(1, "view", 0), cfg, batch, size), batch, discriminator.AugmentParams))
	fmt.Println("logits of the first head:", out[0].Shape())
	fmt.Printf("untrained loss: %.0f, 2 per head\n", out[1].Value())
	// Output:
	// logits of the first head: (Float32)[8, 7]
	// untrained loss: 4, 2 per head
}
