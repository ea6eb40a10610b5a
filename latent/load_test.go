package latent

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// torchSave writes tensors as torch.save does: a pickle that describes them in a zip file, with their bytes.
func torchSave(t *testing.T, file string, tensors map[string]weights.Raw) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	record := func(name string, b []byte) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text := func(s string) string {
		return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
	}
	number := func(n int) string { return "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	storages := map[weights.DType]string{weights.F16: "HalfStorage", weights.F32: "FloatStorage", weights.I64: "LongStorage"}
	pickled := "\x80\x02}("
	for i, name := range slices.Sorted(maps.Keys(tensors)) {
		x, shape, stride, count := tensors[name], "(", "", 1
		for k := len(x.Shape) - 1; k >= 0; k-- {
			stride, count = number(count)+stride, count*x.Shape[k]
		}
		for _, n := range x.Shape {
			shape += number(n)
		}
		key := strconv.Itoa(i)
		pickled += text(name) + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + storages[x.DType] + "\n" + text(key) + text("cpu") + number(count) + "tQ" +
			number(0) + shape + "t(" + stride + "t\x89ccollections\nOrderedDict\n)RtR"
		record("data/"+key, x.Bytes)
	}
	record("data.pkl", []byte(pickled+"u."))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// Parts of torch.save draw what safetensors draw, stay in their precision, and are copied into a student's folder.
func TestPartsOfTorchSaveAreRead(t *testing.T) {
	m, err := Open(t.Context(), tinylatent.Folder(t, "sd"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := picture(t, m)
	for part, base := range map[string]string{"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "pytorch_model"} {
		raw, err := weights.ReadRaw(m.path(m.weights[part][0]))
		if err != nil {
			t.Fatal(err)
		}
		if part == "text_encoder" {
			raw.Tensors["text_model.embeddings.position_ids"] = weights.Raw{DType: weights.I64, Shape: []int{1, 1}, Bytes: make([]byte, 8)}
		}
		shards := []map[string]weights.Raw{{}, {}}
		for i, name := range slices.Sorted(maps.Keys(raw.Tensors)) {
			shards[i%2][name] = raw.Tensors[name]
		}
		if part == "vae" {
			torchSave(t, filepath.Join(m.Dir, part, base+".bin"), raw.Tensors)
		} else {
			for i := range shards {
				torchSave(t, filepath.Join(m.Dir, part, fmt.Sprintf("%s-%05d-of-00002.bin", base, i+1)), shards[i])
			}
		}
		if err := os.Remove(m.path(m.weights[part][0])); err != nil {
			t.Fatal(err)
		}
	}
	if m, err = Open(t.Context(), m.Dir, Options{}); err != nil {
		t.Fatal(err)
	}
	near(t, want, picture(t, m), 1e-6)
	shapes, err := m.Tensors("unet")
	if err != nil || shapes["conv_in.weight"].DType != weights.F16 {
		t.Errorf("U-Net's first weight = %v (%v), want half precision", shapes["conv_in.weight"], err)
	}
	dir := filepath.Join(t.TempDir(), "student")
	if err := m.Save(graphtest.Engine(), dir, otherUNet(t, m), nil); err != nil {
		t.Fatal(err)
	}
	names, err := list(dir)
	if wanted := []string{"text_encoder/pytorch_model.bin.index.json", "vae/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.safetensors"}; err != nil || !containsAll(names, wanted) || slices.Contains(names, "unet/diffusion_pytorch_model-00001-of-00002.bin") {
		t.Errorf("saved %q (%v), want %q and no other U-Net", names, err, wanted)
	}
	saved, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := picture(t, saved); slices.Equal(got, want) {
		t.Error("the student draws what its teacher draws")
	}
	if err := os.WriteFile(m.path("vae/diffusion_pytorch_model.bin"), []byte("PK\x03\x04"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Load(graphtest.Engine()); err == nil || !strings.Contains(err.Error(), "diffusion_pytorch_model.bin") {
		t.Errorf("error %v, want the file", err)
	}
}

func containsAll(names, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(name string) bool { return !slices.Contains(names, name) })
}
