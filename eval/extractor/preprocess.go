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

// The two bilinear interpolations of the tools that came before clean-fid. Neither antialiases. The conversions to float32
// forbid fusing products with sums, so that every machine rounds alike; where the tool fuses, fused says so.

// bilinearTF is TensorFlow 1's resize_bilinear without aligned corners, as torch-fidelity repeats it: the source of pixel i
// is i·in/out, so that pixels are points at the upper left. Returns [height,width,3] in 0 … 255.
func bilinearTF(src RGB, width, height int) []float32 {
	mix := func(low, high, t float32) float32 { return low + float32((high-low)*t) }
	return bilinear(src, tfPoints(src.Width, width), tfPoints(src.Height, height), &whole, mix)
}

// bilinear mixes the four neighbours of every point, across and then down; value is what a byte stands for.
func bilinear(src RGB, columns, rows []point, value *[256]float32, mix func(low, high, t float32) float32) []float32 {
	y := make([]float32, 0, len(columns)*len(rows)*3)
	for _, r := range rows {
		for _, c := range columns {
			for k := range 3 {
				across := func(y int) float32 {
					line := src.Pix[y*src.Width*3+k:]
					return mix(value[line[3*c.low]], value[line[3*c.high]], c.t)
				}
				y = append(y, mix(across(r.low), across(r.high), r.t))
			}
		}
	}
	return y
}

// point is a place between two source pixels: t of the way from low to high.
type point struct {
	low, high int
	t         float32
}

func tfPoints(in, out int) []point {
	scale := float32(float64(in) / float64(out))
	all := make([]point, out)
	for i := range all {
		at := float32(i) * scale
		low := int(at)
		all[i] = point{low, min(low+1, in-1), at - float32(low)}
	}
	return all
}

// bilinearTorch is PyTorch's interpolate(mode="bilinear", align_corners=False) of a picture in 0 … 1, what pytorch-fid does, to
// the last bit that its kernels give on processors with fused multiplication: pixels are squares, and the source of pixel i is (i+½)·in/out − ½. Returns [height,width,3].
func bilinearTorch(src RGB, width, height int) []float32 {
	mix := func(low, high, t float32) float32 { return fused(1-t, low, float32(t*high)) }
	return bilinear(src, torchPoints(src.Width, width), torchPoints(src.Height, height), &unit, mix)
}

func torchPoints(in, out int) []point {
	scale := float32(in) / float32(out)
	all := make([]point, out)
	for i := range all {
		at := max(fused(scale, float32(i)+0.5, -0.5), 0)
		if in == out {
			at = float32(i)
		}
		low := min(int(at), in-1)
		all[i] = point{low, min(low+1, in-1), at - float32(low)}
	}
	return all
}

// fused is a·b + c rounded once, what PyTorch's kernels do on every processor of the last ten years.
func fused(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

// unit maps a byte to 0 … 1, whole to 0 … 255.
var unit, whole = func() (u, w [256]float32) {
	for i := range u {
		u[i], w[i] = float32(i)/255, float32(i)
	}
	return u, w
}()
