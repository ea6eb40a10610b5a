package weights

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Checkpoints as torch.save writes them, made here. The storage of key "3" is the floats 3 and 4.

func pickledText(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func pickledTensor(key string) string {
	storage := "(" + pickledText("storage") + "ctorch\nFloatStorage\n" + pickledText(key) + pickledText("cpu") + "K\x02tQ"
	return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + "K\x00K\x02\x85K\x01\x85tR"
}

// pickledDict takes names and pickled values by turns.
func pickledDict(entries ...string) string {
	all := "}("
	for i := 0; i < len(entries); i += 2 {
		all += pickledText(entries[i]) + entries[i+1]
	}
	return all + "u"
}

func storageBytes(key string) []byte {
	first := float32(key[0] - '0')
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, []float32{first, first + 1})
	return b.Bytes()
}

const legacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// legacyCheckpoint is a file of PyTorch before 1.6 with a storage for every key.
func legacyCheckpoint(dict string, keys ...string) string {
	list, storages := "](", ""
	for _, key := range keys {
		list += pickledText(key)
		storages += "\x02\x00\x00\x00\x00\x00\x00\x00" + string(storageBytes(key))
	}
	return legacyMagic + "\x80\x02M\xe9\x03." + "\x80\x02}." + "\x80\x02" + dict + "." + "\x80\x02" + list + "e." + storages
}

// zipCheckpoint is a file of PyTorch 1.6 on whose dict needs the storage "1". sum makes the checksums.
func zipCheckpoint(t *testing.T, dict string, sum func([]byte) uint32) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, record := range []struct {
		name string
		data []byte
	}{{"data.pkl", []byte("\x80\x02" + dict + ".")}, {"data/1", storageBytes("1")}} {
		n := uint64(len(record.data))
		w, err := z.CreateRaw(&zip.FileHeader{Name: "x/" + record.name, CRC32: sum(record.data), CompressedSize64: n, UncompressedSize64: n})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(record.data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func decodeText(file string) (*File, error) {
	return decodePyTorch(strings.NewReader(file), int64(len(file)))
}

func TestCheckpointsHoldOneStateDict(t *testing.T) {
	weight, config := pickledDict("w", pickledTensor("1")), pickledDict("depth", "K\x0c")
	for why, c := range map[string]struct{ dict, want string }{
		"itself":                  {weight, ""},
		"beside a tensor":         {pickledDict("state_dict", weight, "step", pickledTensor("2")), ""},
		"beside a model's config": {pickledDict("model", config, "state_dict", weight), ""},
		"with a model's config":   {pickledDict("w", pickledTensor("1"), "model", config), ""},
		"two dicts deep":          {pickledDict("model", pickledDict("state_dict", weight)), ""},
		"of the teacher":          {pickledDict("student", pickledDict("w", pickledTensor("2")), "teacher", weight), ""},
		"two of them":             {pickledDict("teacher", weight, "model", weight), `holds tensors as "model" and as "teacher", want one of them`},
		"two of them inside":      {pickledDict("model", pickledDict("model", weight, "state_dict", weight)), `as "state_dict" and as "model"`},
		"none":                    {pickledDict("model", config), "holds no tensors by name"},
		"none by a known name":    {pickledDict("ema", weight), "holds no tensors by name"},
		"a dict in itself":        {"}q\x00" + pickledText("model") + "h\x00s", "holds no tensors by name"},
	} {
		for range 8 { // whatever the order in which Go looks through a map
			views, _, err := stateDict(bufio.NewReader(strings.NewReader("\x80\x02" + c.dict + ".")))
			if c.want != "" {
				checkError(t, err, c.want)
			} else if err != nil || len(views) != 1 || views["w"].storage == nil || views["w"].storage.key != "1" {
				t.Errorf("%s: error = %v, tensors = %v, want w alone, of storage 1", why, err, views)
			}
		}
	}
}

func TestLegacyCheckpointsMayHoldAnOptimizer(t *testing.T) {
	moments := pickledDict("exp_avg", pickledTensor("0"), "exp_avg_sq", pickledTensor("2"))
	dict := pickledDict("optimizer", pickledDict("state", "}K\x00"+moments+"s"), "state_dict", pickledDict("w", pickledTensor("1")))
	file := legacyCheckpoint(dict, "0", "1", "2")
	got, err := decodeText(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&File{Tensors: map[string]Tensor{"w": {[]int{2}, []float32{1, 2}}}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	_, err = decodeText(file[:len(file)-1])
	checkError(t, err, "storage 2: EOF (cut short?)")
	_, err = decodeText(legacyCheckpoint(dict, "0", "1", "2", "3"))
	checkError(t, err, `storage "3" belongs to no tensor`)
}

func TestDamagedRecordsAreErrors(t *testing.T) {
	dict := pickledDict("w", pickledTensor("1"))
	whole := zipCheckpoint(t, dict, crc32.ChecksumIEEE)
	if _, err := decodeText(whole); err != nil {
		t.Fatal(err)
	}
	// As torch.serialization.set_crc32_options(False) has it.
	if _, err := decodeText(zipCheckpoint(t, dict, func([]byte) uint32 { return 0 })); err != nil {
		t.Errorf("without checksums: %v", err)
	}
	for record, bit := range map[string]string{"x/data/1": string(storageBytes("1")), "x/data.pkl": "w" + pickledTensor("1")} {
		at := strings.Index(whole, bit)
		_, err := decodeText(whole[:at] + string(whole[at]^1) + whole[at+1:])
		checkError(t, err, "record "+record+": zip: checksum error (damaged?)")
	}
	_, err := decodeText(zipCheckpoint(t, dict+".more", crc32.ChecksumIEEE))
	checkError(t, err, "record x/data.pkl goes on after its end")
}

// A list that holds itself must not be printed: that overflows the stack, which ends the process.
func TestPicklesThatHoldThemselvesAreErrors(t *testing.T) {
	const list, version = "]q\x00h\x00a", "M\xe9\x03."
	dict := "}." + pickledDict("w", pickledTensor("1")) + "."
	for want, file := range map[string]string{
		"protocol version is a *types.List, want 1001":  list + "." + dict + "].",
		"protocol version = 1002, want 1001":            "M\xea\x03." + dict + "].",
		"holds a *types.List, want a dict of tensors":   version + "}." + list + "." + "].",
		"key of a storage is a *types.List, want text":  version + dict + list + ".",
		"key of a storage is a *types.Tuple, want text": version + dict + "](" + list + "\x85e.",
	} {
		_, err := decodeText(legacyMagic + file)
		checkError(t, err, want)
	}
}

// A header of 640 bytes begins the file with 80 02, as pickles begin.
func TestHeadersOfEveryLengthAreSafetensors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.safetensors")
	want := &File{Tensors: map[string]Tensor{"w": {[]int{1}, []float32{1}}}, Metadata: map[string]string{"by": strings.Repeat("x", 561)}}
	if err := Write(file, want, F32); err != nil {
		t.Fatal(err)
	}
	if b := readBytes(t, file); !bytes.HasPrefix(b, []byte("\x80\x02")) {
		t.Fatalf("file begins with %x, want 8002", b[:8])
	}
	got, err := ReadAny(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
