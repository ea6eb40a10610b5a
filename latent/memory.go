package latent

import "fmt"

// checkSize refuses a size that the network cannot halve often enough, and one that the memory of this machine cannot hold, in bytes; 0
// where that is unknown.
func (m *Model) checkSize(size int, memory float64) error {
	least := m.VAE.Factor() << (len(m.UNet.BlockOutChannels) - 1)
	if size < least || size%least != 0 {
		return fmt.Errorf("latent: size = %d, want a multiple of %d pixels", size, least)
	}
	if memory == 0 || m.takes(size) <= memory {
		return nil
	}
	most := least
	for m.takes(most+least) <= memory {
		most += least
	}
	const gb = 1 << 30
	return fmt.Errorf("latent: size = %d, want at most %d: it takes %.3g GB at least, and this machine has %.3g GB", size, most, m.takes(size)/gb, memory/gb)
}

// takes is the bytes of the largest tensor while a picture of so many pixels on a side is drawn, and of what is computed of it: logits of
// attention among all pixels, [heads,N,N], in the U-Net or in the middle of the autoencoder, or features of the decoder, [S,S,C].
func (m *Model) takes(size int) float64 {
	side := float64(size / m.VAE.Factor())
	most := float64(size) * float64(size) * float64(m.VAE.BlockOutChannels[0])
	if m.VAE.MidAttention {
		most = max(most, side*side*side*side)
	}
	for level, attends := range m.UNet.CrossAttention {
		if n := side * side / float64(int(1)<<(2*level)); attends {
			most = max(most, float64(m.UNet.Heads[level])*n*n)
		}
	}
	return 2 * 4 * most
}
