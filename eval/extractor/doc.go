// Package extractor turns pictures of any size into features that metrics compare: the Inception network of FID, DINOv2, CLIP,
// OpenCLIP and EfficientNet-Lite0, and the small networks that this project trains itself.
//
// An Extractor owns its preprocessing, since tools differ there: it gets decoded pictures and resizes them as
// the tool does whose numbers it reproduces. One file holds a family, registered under the names that users type.
package extractor
