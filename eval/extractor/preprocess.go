package extractor

import "math"

// preprocess turns a decoded picture into the numbers that a network takes, appended to dst: [size,size,3].
type preprocess func(dst []float32, picture RGB) []float32

// inceptionSize is the side of the pictures that FID's network takes.
const inceptionSize = 299

// cleanInception is clean-fid's: Pillow's bicubic in float, squashed to a square.
func cleanInception(dst []float32, picture RGB) []float32 {
	return centred(dst, resizeFloats(picture, inceptionSize, inceptionSize))
}

// tfInception is that of TTUR, torch-fidelity and edm.
func tfInception(dst []float32, picture RGB) []float32 {
	return centred(dst, bilinearTF(picture, inceptionSize, inceptionSize))
}

// centred maps 0 … 255 to [-1,1), the middle being 128.
func centred(dst, x []float32) []float32 {
	for _, v := range x {
		dst = append(dst, (v-128)/128)
	}
	return dst
}

// pytorchInception is pytorch-fid's.
func pytorchInception(dst []float32, picture RGB) []float32 {
	for _, v := range bilinearTorch(picture, inceptionSize, inceptionSize) {
		dst = append(dst, 2*v-1)
	}
	return dst
}

// normal is the mean and standard deviation of the channels in 0 … 1 that weights were trained with.
type normal struct{ mean, std [3]float32 }

var (
	imageNet   = normal{[3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}}
	clipColour = normal{[3]float32{0.48145466, 0.4578275, 0.40821073}, [3]float32{0.26862954, 0.26130258, 0.27577711}}
)

// bytes appends normalised 8-bit values, as torchvision's ToTensor and Normalize do.
func (n normal) bytes(dst []float32, pix []uint8) []float32 {
	for i, v := range pix {
		dst = append(dst, (unit[v]-n.mean[i%3])/n.std[i%3])
	}
	return dst
}

// squash resizes by Pillow on 8 bit and forgets the aspect: dgm-eval's default for DINOv2.
func (n normal) squash(size int) preprocess {
	return func(dst []float32, picture RGB) []float32 { return n.bytes(dst, resizeBytes(picture, size, size).Pix) }
}

// squashFloat resizes by Pillow in float, dgm-eval's --clean_resize.
func (n normal) squashFloat(size int) preprocess {
	return func(dst []float32, picture RGB) []float32 {
		for i, v := range resizeFloats(picture, size, size) {
			dst = append(dst, (v/255-n.mean[i%3])/n.std[i%3])
		}
		return dst
	}
}

// crop brings the shorter side to size by Pillow on 8 bit and keeps the centre, as CLIP and OpenCLIP do.
func (n normal) crop(size int) preprocess {
	return func(dst []float32, picture RGB) []float32 { return n.bytes(dst, centreCrop(picture, size).Pix) }
}

// centreCrop is torchvision's Resize(size) and CenterCrop(size) of a Pillow picture.
func centreCrop(p RGB, size int) RGB {
	width, height := size, size
	if p.Width < p.Height {
		height = size * p.Height / p.Width
	} else {
		width = size * p.Width / p.Height
	}
	// Half a pixel is rounded to the even side, as Python rounds.
	left := int(math.RoundToEven(float64(width-size) / 2))
	top := int(math.RoundToEven(float64(height-size) / 2))
	return resizeCrop(p, width, height, rect{left, top, size, size})
}
