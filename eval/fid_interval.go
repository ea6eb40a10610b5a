package eval

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// FIDBlocks keeps the t quantile near 2 at a moderate cost.
const FIDBlocks = 20

// FIDUncertainty is an FID with its sampling error over generated images. The reference is taken as fixed, since all cells share it.
type FIDUncertainty struct {
	FID       Estimate // the usual FID of all n images; its interval is for the mean FID of n such images, bias included
	Corrected Estimate // the bias-corrected jackknife estimate: without the bias that is proportional to 1/n of the generated images
	StdErr    float64  // jackknife standard error, shared by both
}

// FIDJackknife deletes one block of generated images at a time (delete-a-group jackknife, Quenouille 1956, Tukey 1958).
// With θ the FID of all images, θ₍g₎ that without block g and θ̄ their mean over G blocks,
//
//	corrected = G·θ − (G−1)·θ̄,  se² = (G−1)/G·Σ(θ₍g₎−θ̄)²,  interval = estimate ± t_{G−1}·se.
//
// A bootstrap would repeat images and so raise FID; the bias of θ₍g₎ is the same for all g and cancels in se. Image i is in
// block i mod G, so that images sorted by class or prompt spread over all blocks. Near FID = 0 the estimate is skewed and the interval
// approximate: that of FID is cut at 0, the corrected estimate may be negative as KID may. It costs G+1 FIDs.
// A cancelled context ends it between two FIDs, with its error.
func FIDJackknife(ctx context.Context, ref Side, gen Features, blocks int, confidence float64) (FIDUncertainty, error) {
	if err := gen.Validate(); err != nil {
		return FIDUncertainty{}, fmt.Errorf("%w (FIDJackknife, generated)", err)
	}
	if blocks < 2 || gen.N < 2*blocks {
		return FIDUncertainty{}, fmt.Errorf("eval: FIDJackknife: blocks = %d, want 2 to %d: at least two images each", blocks, gen.N/2)
	}
	if err := validateConfidence(confidence); err != nil {
		return FIDUncertainty{}, err
	}
	reference, err := ref.gaussian()
	if err != nil {
		return FIDUncertainty{}, err
	}
	// With full covariances a block is subtracted from the whole, which saves G passes over all images.
	whole, subtract := Side(gen), gen.N-(gen.N+blocks-1)/blocks > gen.D
	var stats Stats
	if subtract {
		if stats, err = NewStats(gen); err != nil {
			return FIDUncertainty{}, err
		}
		whole = stats
	}
	gaussianOf := func(block int) (gaussian, error) { // of all images for block = −1, else of all but the block's
		switch {
		case block < 0:
			return whole.gaussian()
		case !subtract:
			return gen.ofBlock(block, blocks, false).gaussian()
		}
		taken, err := NewStats(gen.ofBlock(block, blocks, true))
		if err != nil {
			return gaussian{}, err
		}
		return stats.without(taken).gaussian()
	}
	fids := make([]float64, 0, blocks+1)
	for block := -1; block < blocks; block++ {
		if err := ctx.Err(); err != nil {
			return FIDUncertainty{}, err
		}
		g, err := gaussianOf(block)
		if err != nil {
			return FIDUncertainty{}, err
		}
		fid, err := frechet(reference, g)
		if err != nil {
			return FIDUncertainty{}, err
		}
		fids = append(fids, fid)
	}
	all, without := fids[0], fids[1:]

	n := float64(blocks)
	mean, variance := stat.PopMeanVariance(without, nil)
	stdErr := math.Sqrt((n - 1) * variance)
	half := stdErr * tQuantile(confidence, n-1)
	corrected := n*all - (n-1)*mean
	return FIDUncertainty{
		FID:       Estimate{Mean: all, Low: math.Max(0, all-half), High: all + half, N: gen.N},
		Corrected: Estimate{Mean: corrected, Low: corrected - half, High: corrected + half, N: gen.N},
		StdErr:    stdErr,
	}, nil
}

// ofBlock is the images i with i mod blocks = block, or all the others.
func (f Features) ofBlock(block, blocks int, in bool) Features {
	var rows []int
	for i := range f.N {
		if (i%blocks == block) == in {
			rows = append(rows, i)
		}
	}
	return f.Subset(rows)
}
