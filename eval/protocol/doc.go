// Package protocol judges generated pictures with a bundle's evaluation networks: FID on the classifier's features (or the evaluation
// pair's, where the data has no attributes), CLIP score on the evaluation pair, and alignment: the share of stated attributes that
// the classifier finds in the picture.
package protocol
