// Package eval turns features into scores with intervals: how far a model's pictures are from real ones.
// It knows no network and no picture. Features are rows of float32, one row per image; a score has n and an interval.
//
//	features → statistics → number → interval
//
//	metric                  question                                          better  names
//	FID                     distance of the two Gaussians fitted to features  lower   Heusel 2017
//	FIDInfinity             FID without its bias in n                         lower   Chong 2020
//	KID                     unbiased kernel distance, may be negative         lower   Bińkowski 2018
//	CMMD                    Gaussian kernel distance of CLIP embeddings       lower   Jayasumana 2024
//	InceptionScore          confident and varied classes, logits              higher  Salimans 2016
//	PrecisionRecall         fidelity and coverage by k-NN balls, ≤            higher  Kynkäänniemi 2019
//	DensityCoverage         the same, robust to outliers, <                   higher  Naeem 2020
//	CLIPScore               cosine between a picture and its caption          higher  Hessel 2021
//	NewAlignment            stated attributes that a picture shows            higher  this project
//
// Intervals: [TInterval] over seeds, [MeanInterval] from a standard error, [RateInterval] of a proportion, [FIDJackknife] of one
// FID, and [Compare] for two cells.
//
// Smallest use:
//
//	score, err := eval.FID(real, generated)
//
// Notation: n images, d feature dimensions; μ mean, Σ covariance (ddof = 1); Xc centred features; ‖·‖_* sum of singular values.
// Reference features come first, generated ones second. Random subsets are drawn from a generator that the caller passes in.
package eval
