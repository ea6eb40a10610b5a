// Package network holds the architectures: U-Nets, DiT, autoencoder, text and vision transformers, CLIP, Inception, EfficientNet and
// EDM's networks.
// Names and layouts of their weights are those of the reference implementations in PyTorch.
package network
