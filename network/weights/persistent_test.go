package weights

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/internal/tinyedm"
)

// snapshot is the pickle of testdata/persistent.py.
func snapshot(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(tinyedm.File(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadsWhatNVIDIAsPersistenceWrites(t *testing.T) {
	p, err := ReadPersistent(tinyedm.File(t), "ema")
	if err != nil {
		t.Fatal(err)
	}
	numbers := func(n ...int) (all []any) {
		for _, n := range n {
			all = append(all, n)
		}
		return all
	}
	arguments := map[string]any{
		"img_resolution": 8, "img_channels": 3, "label_dim": 10, "model_type": "SongUNet", "embedding_type": "fourier", "encoder_type": "residual",
		"decoder_type": "standard", "channel_mult_noise": 2, "resample_filter": numbers(1, 3, 3, 1), "model_channels": 4, "channel_mult": numbers(1, 2),
		"num_blocks": 1, "attn_resolutions": numbers(4), "augment_dim": 9, "dropout": 0.1, "use_fp16": false,
	}
	if diff := cmp.Diff(arguments, p.Arguments); diff != "" || p.Class != "EDMPrecond" || p.Attributes["sigma_data"] != 0.5 {
		t.Errorf("class %q, σ_data %v; arguments (-want +got):\n%s", p.Class, p.Attributes["sigma_data"], diff)
	}

	type tensor struct {
		Shape  []int
		SHA256 string
	}
	var want struct{ Tensors map[string]tensor }
	if err := json.Unmarshal(tinyedm.Wanted(t), &want); err != nil {
		t.Fatal(err)
	}
	got := map[string]tensor{}
	err = p.Each(func(name string, r Raw) error {
		if r.DType != F32 {
			t.Errorf("%s is of type %s, want F32", name, r.DType)
		}
		sum := sha256.Sum256(r.Bytes)
		got[name] = tensor{r.Shape, hex.EncodeToString(sum[:])}
		return nil
	})
	if diff := cmp.Diff(want.Tensors, got); diff != "" || err != nil {
		t.Errorf("tensors: %v (-want +got):\n%s", err, diff)
	}
	for name, r := range p.Shapes() {
		if diff := cmp.Diff(got[name].Shape, r.Shape); diff != "" {
			t.Errorf("%s (-read +promised):\n%s", name, diff)
		}
	}
}

func TestCutPersistentFilesAreErrors(t *testing.T) {
	whole := snapshot(t)
	for n := 0; n < len(whole); n += 1 + len(whole)/40 {
		if _, err := decodePersistent(bytes.NewReader(whole), int64(n), "ema"); err == nil || !strings.Contains(err.Error(), "ends early") && !strings.Contains(err.Error(), "without end") {
			t.Errorf("cut to %d of %d bytes: error %v, want it to be said", n, len(whole), err)
		}
	}
}

// replaced is the snapshot with one text in place of another of the same length, wherever it is.
func replaced(t *testing.T, old, new string) []byte {
	t.Helper()
	whole := snapshot(t)
	if len(old) != len(new) || !bytes.Contains(whole, []byte(old)) {
		t.Fatalf("cannot put %q in place of %q", new, old)
	}
	return bytes.ReplaceAll(whole, []byte(old), []byte(new))
}

func TestPersistentObjectsRefuseByName(t *testing.T) {
	for want, file := range map[string][]byte{
		"asks for posix.system": []byte("\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."),
		"asks for torch_utils.persistence._reconstruct_persistent_all":         replaced(t, "_reconstruct_persistent_obj", "_reconstruct_persistent_all"),
		"asks for torch.nn.modules.container.ModuleTree":                       replaced(t, "ModuleDict", "ModuleTree"),
		"asks for numpy._core.multiarray.vector":                               replaced(t, "\x06scalar", "\x06vector"),
		"instruction \"i\"":                                                    []byte("(iposix\nsystem\n."),
		"instruction \"Q\"":                                                    []byte("K\x00Q."),
		"NumPy's type >f8":                                                     replaced(t, "\x8c\x01<", "\x8c\x01>"),
		"version = 7, want 6":                                                  replaced(t, "\x8c\x07version\x94K\x06", "\x8c\x07version\x94K\x07"),
		"has [\"class_name\" \"module_out\"":                                   replaced(t, "\x0amodule_src", "\x0amodule_out"),
		"type = \"klass\", want class":                                         replaced(t, "type\x94\x8c\x05class", "type\x94\x8c\x05klass"),
		"magic number is not PyTorch's":                                        replaced(t, "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19", "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x18"),
		"ema is a string, want a persistent object":                            []byte("\x80\x04}\x8c\x03ema\x8c\x01as."),
		"want a dict with the entry \"ema\"":                                   []byte("\x80\x04]."),
		"ema is a <nil>, want a persistent object (entries: [\"augment_pipe\"": replaced(t, "\x8c\x03ema", "\x8c\x03emb"),
		"_init_args are not recorded or not empty":                             replaced(t, "\x0a_init_args", "\x0a_init_argx"),
		"no _non_persistent_buffers_set":                                       replaced(t, "_non_persistent_buffers_set", "_non_persistent_buffers_sex"),
		"_parameters of module \"\" is a <nil>, want a dict":                   replaced(t, "\x0b_parameters", "\x0b_parametres"),
	} {
		_, err := decodePersistent(bytes.NewReader(file), int64(len(file)), "ema")
		checkError(t, err, want)
	}
}

// A string of exabytes must be refused before memory is asked for, and an object that holds itself must not be followed for ever.
func TestPersistentFilesDoNotClaimMoreThanThereIs(t *testing.T) {
	huge := string(binary.LittleEndian.AppendUint64([]byte("\x80\x04\x8e"), 1<<62))
	text := func(s string) string { return string([]byte{0x8c, byte(len(s))}) + s }
	state := "}\x94(" + text("_init_args") + ")" + text("_init_kwargs") + "}" + text("_parameters") + "}" + text("_buffers") + "}" + text("_non_persistent_buffers_set") + "\x8fu"
	object := "ctorch_utils.persistence\n_reconstruct_persistent_obj\n}(" + text("type") + text("class") + text("version") + "K\x06" + text("module_src") + text("") +
		text("class_name") + text("Net") + text("state") + state + "u\x85R\x94"
	within := "\x80\x04}" + text("ema") + object + "s" + text("more") + "h\x00" + text("_modules") + "}" + text("a") + "h\x01sss."
	for want, file := range map[string]string{
		"more than 32 in each other":                 within,
		"ends early (0 of 4611686018427387904 bytes": huge,
		"ends early (1 of 4294967295 bytes":          "\x80\x04B\xff\xff\xff\xff.",
	} {
		_, err := decodePersistent(strings.NewReader(file), int64(len(file)), "ema")
		checkError(t, err, want)
	}
}

// FuzzReadPersistent wants every input to be refused or read, without a panic.
func FuzzReadPersistent(f *testing.F) {
	f.Add(snapshot(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePersistent(bytes.NewReader(b), int64(len(b)), "ema")
		if err != nil {
			return
		}
		for name, v := range p.views {
			r, err := v.read(bytes.NewReader(b))
			if err != nil {
				continue
			}
			if n, err := byteSize(r.DType, r.Shape); err != nil || n != int64(len(r.Bytes)) {
				t.Errorf("tensor %q of %s %v has %d bytes", name, r.DType, r.Shape, len(r.Bytes))
			}
		}
	})
}
