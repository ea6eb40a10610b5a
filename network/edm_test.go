package network

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/graphtest"
)

func edmOf(t *testing.T, config json.RawMessage) EDMConfig {
	t.Helper()
	var arguments map[string]any
	if err := json.Unmarshal(config, &arguments); err != nil {
		t.Fatal(err)
	}
	cfg, err := EDMFrom("EDMPrecond", arguments)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestNetworksOfEDMEqualNVIDIAs(t *testing.T) {
	for _, name := range []string{"ddpmpp", "ddpmpp-cond", "ncsnpp", "ncsnpp-cond", "adm", "adm-cond"} {
		t.Run(name, func(t *testing.T) {
			g := readGolden(t, "edm.json", name)
			cfg := edmOf(t, g.Config)
			in, names := []any{input(1001, 2, 8, 8, 3), []float32{-1.5, 1}}, []string{"x", "noise"}
			if cfg.LabelDim > 0 {
				in, names = append(in, [][]float32{{0, 0, 1}, {1, 0, 0}}), append(names, "labels")
			}
			g.checkGradients(t, func(scope *model.Scope, in []*Node) *Node {
				if len(in) < 3 {
					in = append(in, nil)
				}
				return cfg.Apply(scope, in[0], in[1], in[2])
			}, names, in...)
		})
	}
}

// As many parameters as the published networks have, by NVIDIA's names and shapes.
func TestNetworksOfEDMHaveTheirWeights(t *testing.T) {
	for name, parameters := range map[string]int{
		"cifar10-32x32-cond-vp": 55_735_299, "cifar10-32x32-uncond-vp": 55_733_891, "cifar10-32x32-cond-ve": 56_400_643, "cifar10-32x32-uncond-ve": 56_397_827,
		"ffhq-64x64-uncond-vp": 61_805_571, "ffhq-64x64-uncond-ve": 62_761_091, "imagenet-64x64-cond-adm": 295_899_267,
	} {
		t.Run(name, func(t *testing.T) {
			var want struct {
				Config     json.RawMessage
				Parameters int
				SHA256     string
			}
			readPart(t, "edm.json", "size "+name, &want)
			cfg := edmOf(t, want.Config)
			store := model.NewStore()
			if err := Declare(graphtest.Engine(), store, func(root *model.Scope, g *Graph) {
				input := func(name string, dims ...int) *Node { return Parameter(g, name, shapes.Make(dtypes.Float32, dims...)) }
				cfg.Apply(root.At("net"), input("x", 1, cfg.Resolution, cfg.Resolution, 3), input("noise", 1), input("labels", 1, max(1, cfg.LabelDim)))
			}); err != nil {
				t.Fatal(err)
			}
			dims, n := stateDict(store), 0
			h := sha256.New()
			for _, tensor := range slices.Sorted(maps.Keys(dims)) {
				if tensor != "map_noise.freqs" { // which NVIDIA does not count
					n += product(dims[tensor])
				}
				fmt.Fprintf(h, "%s %s\n", tensor, strings.ReplaceAll(strings.Trim(fmt.Sprint(dims[tensor]), "[]"), " ", "×"))
			}
			if n != parameters || n != want.Parameters {
				t.Errorf("parameters = %d, want %d, NVIDIA has %d", n, parameters, want.Parameters)
			}
			if sum := hex.EncodeToString(h.Sum(nil)); sum != want.SHA256 {
				t.Errorf("SHA-256 of names and shapes = %s, want %s", sum, want.SHA256)
			}
		})
	}
}

func TestEDMFromKnowsTheDefaults(t *testing.T) {
	song, err := EDMFrom("EDMPrecond", map[string]any{"img_resolution": 32, "img_channels": 3, "model_type": SongUNet, "sigma_max": math.Inf(1), "dropout": 0.13})
	if err != nil {
		t.Fatal(err)
	}
	adm, err := EDMFrom("EDMPrecond", map[string]any{"img_resolution": 64, "img_channels": 3, "label_dim": 1000, "sigma_max": 80.0, "use_fp16": true})
	if err != nil {
		t.Fatal(err)
	}
	want := []EDMConfig{{
		Resolution: 32, Channels: 3, SigmaData: 0.5, ModelType: SongUNet, ModelChannels: 128, ChannelMult: []int{1, 2, 2, 2}, ChannelMultEmb: 4, NumBlocks: 4,
		AttnResolutions: []int{16}, EmbeddingType: "positional", ChannelMultNoise: 1, EncoderType: "standard", ResampleFilter: []int{1, 1},
	}, {
		Resolution: 64, Channels: 3, LabelDim: 1000, SigmaMax: 80, SigmaData: 0.5, ModelType: DhariwalUNet, ModelChannels: 192, ChannelMult: []int{1, 2, 3, 4},
		ChannelMultEmb: 4, NumBlocks: 3, AttnResolutions: []int{32, 16, 8},
	}}
	if diff := cmp.Diff(want, []EDMConfig{song, adm}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEDMFromRefusesByName(t *testing.T) {
	for want, edit := range map[string]map[string]any{
		`EDMPrecond: decoder_type = "skip", want "standard"`:                                                       {"decoder_type": "skip"},
		`network: edm: encoder_type = skip, want standard or residual`:                                             {"encoder_type": "skip"},
		`embedding_type = zero, want positional or fourier`:                                                        {"embedding_type": "zero"},
		`model_type = UNet, want SongUNet or DhariwalUNet`:                                                         {"model_type": "UNet"},
		`EDMPrecond: gated = true, want no such field`:                                                             {"gated": true},
		`EDMPrecond: encoder_type = "standard", want no such field`:                                                {"model_type": DhariwalUNet, "encoder_type": "standard"},
		`EDMPrecond: sigma_max = "high", want a number`:                                                            {"sigma_max": "high"},
		`EDMPrecond: channel_mult = [0.5], want a value of type []int`:                                             {"channel_mult": []any{0.5}},
		`EDMPrecond: label_dim is a complex128, want a value of JSON`:                                              {"label_dim": 1i},
		`sigma_max = 0.01, want 0 or more than sigma_min`:                                                          {"sigma_max": 0.01, "sigma_min": 0.02},
		`sigma_data = 0, want > 0`:                                                                                 {"sigma_data": 0},
		`resample_filter = [1 2 1], want an even number of weights`:                                                {"resample_filter": []int{1, 2, 1}},
		`img_resolution = 36, want a multiple of 8`:                                                                {"img_resolution": 36},
		`channel_mult = [], want at least one`:                                                                     {"channel_mult": []int{}},
		`model_channels = 130, want a multiple of 4`:                                                               {"model_channels": 130},
		`model_channels = 132, want 132 channels of block 32x32_block0 to be`:                                      {"model_channels": 132},
		`model_channels = 96, want 96 channels of block 32x32_block0, which has attention, to be a multiple of 64`: {"model_type": DhariwalUNet, "model_channels": 96},
	} {
		arguments := map[string]any{"img_resolution": 32, "img_channels": 3, "model_type": SongUNet}
		maps.Copy(arguments, edit)
		if _, err := EDMFrom("EDMPrecond", arguments); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := EDMFrom("VPPrecond", nil); err == nil || !strings.Contains(err.Error(), `class = "VPPrecond", want "EDMPrecond"`) {
		t.Errorf("error %v, want the class named", err)
	}
}
