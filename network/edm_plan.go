package network

import "fmt"

// edmBlock is a block of one of EDM's networks.
type edmBlock struct {
	name      string
	kind      edmKind
	in, out   int // channels
	down, up  bool
	attention bool
}

type edmKind int

const (
	edmResidualBlock edmKind = iota
	edmConv                  // a convolution: the first layer
	edmAux                   // NCSN++'s: the picture, convolved and halved, is added to the states
)

// blocks lists what is on the way down to the coarsest resolution and up again, in the order in which it runs.
func (c EDMConfig) blocks() (down, up []edmBlock) {
	widths, last := make([]int, len(c.ChannelMult)), len(c.ChannelMult)-1
	for i, m := range c.ChannelMult {
		widths[i] = m * c.ModelChannels
	}
	now, aux := c.Channels, c.Channels
	var skips []int // channels that wait for the way up
	name := func(level int, what string) string {
		side := c.Resolution >> level
		return fmt.Sprintf("%dx%d_%s", side, side, what)
	}
	add := func(to *[]edmBlock, b edmBlock) {
		*to = append(*to, b)
		now = b.out
	}
	for level, width := range widths {
		if level == 0 {
			first := widths[0]
			if c.song() {
				first = c.ModelChannels
			}
			add(&down, edmBlock{name: name(level, "conv"), kind: edmConv, in: now, out: first})
		} else {
			add(&down, edmBlock{name: name(level, "down"), in: now, out: now, down: true})
		}
		skips = append(skips, now)
		if level > 0 && c.song() && c.EncoderType == edmResidual {
			add(&down, edmBlock{name: name(level, "aux_residual"), kind: edmAux, in: aux, out: now, down: true})
			aux = now
		}
		for i := range c.NumBlocks {
			add(&down, edmBlock{name: name(level, fmt.Sprint("block", i)), in: now, out: width, attention: c.attends(level)})
			skips = append(skips, now)
		}
	}
	for level := last; level >= 0; level-- {
		if level == last {
			add(&up, edmBlock{name: name(level, "in0"), in: now, out: now, attention: true})
			add(&up, edmBlock{name: name(level, "in1"), in: now, out: now})
		} else {
			add(&up, edmBlock{name: name(level, "up"), in: now, out: now, up: true})
		}
		for i := range c.NumBlocks + 1 {
			skip := skips[len(skips)-1]
			skips = skips[:len(skips)-1]
			attention := c.attends(level) && (!c.song() || i == c.NumBlocks)
			add(&up, edmBlock{name: name(level, fmt.Sprint("block", i)), in: now + skip, out: widths[level], attention: attention})
		}
	}
	return down, up
}

// attends tells whether the blocks of a resolution have attention.
func (c EDMConfig) attends(level int) bool {
	for _, side := range c.AttnResolutions {
		if side == c.Resolution>>level {
			return true
		}
	}
	return false
}

// edmGroups is the number of groups of a norm: of at least four channels, and at most 32.
func edmGroups(channels int) int { return max(1, min(32, channels/4)) }
