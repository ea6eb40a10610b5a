package latent

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinylatent"
	"github.com/addlab/addlab/network/weights"
)

// picture is one that a model draws in two steps.
func picture(t *testing.T, m *Model) []float32 { return draw(t, m, 2) }

func draw(t *testing.T, m *Model, steps int) []float32 {
	t.Helper()
	p, err := m.Load(graphtest.Engine())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	flat, err := p.Draw(t.Context(), Request{Prompts: []string{"a fox"}, Steps: steps, Size: m.Size, Noise: func(_, _, n int) []float32 { return values(n, 1) }})
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// The same values draw the same picture in every precision that a file may have: bfloat16's are such in all.
func TestPrecisionOfFilesDoesNotMatter(t *testing.T) {
	encode := map[weights.DType]func(b []byte, x float32) []byte{
		weights.BF16: func(b []byte, x float32) []byte {
			return binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(x)>>16))
		},
		weights.F32: func(b []byte, x float32) []byte { return binary.LittleEndian.AppendUint32(b, math.Float32bits(x)) },
		weights.F64: func(b []byte, x float32) []byte {
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(x)))
		},
	}
	pictures := map[weights.DType][]float32{}
	for dtype, append := range encode {
		m, err := Open(t.Context(), tinylatent.Folder(t, "sd"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, files := range m.weights {
			f, err := weights.Read(m.path(files[0]))
			if err != nil {
				t.Fatal(err)
			}
			raw := &weights.RawFile{Tensors: map[string]weights.Raw{}}
			for name, tensor := range f.Tensors {
				var b []byte
				for _, x := range tensor.Data {
					b = append(b, math.Float32frombits(math.Float32bits(x)&0xffff0000))
				}
				raw.Tensors[name] = weights.Raw{DType: dtype, Shape: tensor.Shape, Bytes: b}
			}
			if err := weights.WriteRaw(m.path(files[0]), raw); err != nil {
				t.Fatal(err)
			}
		}
		pictures[dtype] = picture(t, m)
	}
	near(t, pictures[weights.F32], pictures[weights.BF16], 1e-6)
	near(t, pictures[weights.F32], pictures[weights.F64], 1e-6)
}

// Published files of 2022 name the autoencoder's attention otherwise and hold positions; transformers 5 leaves out the first part of names.
func TestNamesOfOtherVersions(t *testing.T) {
	m, err := Open(t.Context(), tinylatent.Folder(t, "sd"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := picture(t, m)
	old := strings.NewReplacer("to_q.", "query.", "to_k.", "key.", "to_v.", "value.", "to_out.0.", "proj_attn.")
	for part, name := range map[string]func(string) string{
		"vae":          old.Replace,
		"text_encoder": func(s string) string { return strings.TrimPrefix(s, "text_model.") },
	} {
		file := m.path(m.weights[part][0])
		raw, err := weights.ReadRaw(file)
		if err != nil {
			t.Fatal(err)
		}
		renamed := map[string]weights.Raw{"embeddings.position_ids": {DType: weights.I64, Shape: []int{1}, Bytes: make([]byte, 8)}}
		for tensor, t := range raw.Tensors {
			renamed[name(tensor)] = t
		}
		if len(renamed) != len(raw.Tensors)+1 || slices.Equal(slices.Sorted(maps.Keys(renamed)), slices.Sorted(maps.Keys(raw.Tensors))) {
			t.Fatalf("%s: nothing is renamed", part)
		}
		if err := weights.WriteRaw(file, &weights.RawFile{Tensors: renamed}); err != nil {
			t.Fatal(err)
		}
	}
	near(t, want, picture(t, m), 1e-6)
}
