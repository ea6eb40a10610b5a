package weights

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// ReadAny reads a safetensors file or one that PyTorch's torch.save wrote (.pth, .pt, .bin), by what is in it.
//
// Of torch.save it reads the state dict, in the zip format of PyTorch 1.6 on or in the one before. A dict that holds it as "state_dict",
// "model" or "teacher" beside other things will do, unless two of these hold tensors. Such files are programs for a pickle machine: here
// only tensors and containers are made, and a file that asks for anything else is refused. TorchScript archives are programs throughout,
// and refused too.
func ReadAny(file string) (*File, error) {
	t, err := openTorch(file)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return Read(file)
	}
	defer t.file.Close()
	out, err := t.assemble()
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", file, err)
	}
	return out, nil
}

// HeaderAny is Header for the files of ReadAny.
func HeaderAny(file string) (*RawFile, error) {
	t, err := openTorch(file)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return Header(file)
	}
	defer t.file.Close()
	f := &RawFile{Tensors: map[string]Raw{}}
	for name, v := range t.views {
		f.Tensors[name] = Raw{DType: v.storage.dtype, Shape: v.shape}
	}
	return f, nil
}

// EachAny is Each for the files of ReadAny, of torch.save's those of floating-point numbers, in any order. A tensor whose elements are not
// adjacent comes as float32. Files in the format before PyTorch 1.6 are in memory as a whole.
func EachAny(file string, visit func(name string, t Raw) error) error {
	t, err := openTorch(file)
	if err != nil {
		return err
	}
	if t == nil {
		return Each(file, visit)
	}
	defer t.file.Close()
	err = t.storages(func(s *storage, names []string, b []byte) error {
		for _, name := range names {
			raw, err := t.views[name].raw(b)
			if err == nil {
				err = visit(name, raw)
			}
			if err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("weights: %s: %w", file, err)
	}
	return nil
}

// torchFile is what torch.save wrote: tensors by name, and a way to the bytes of a storage, which are read once.
type torchFile struct {
	views map[string]view
	read  func(*storage) ([]byte, error)
	file  *os.File
}

// openTorch opens a file of torch.save, and gives nil for one of another kind.
func openTorch(file string) (*torchFile, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	head := make([]byte, 4)
	n, _ := f.ReadAt(head, 0)
	switch string(head[:n]) {
	case "PK\x03\x04", // a zip file
		"\x80\x02\x8a\x0a": // a pickle of the magic number; as the length of a safetensors header it is above maxHeader
	default:
		return nil, f.Close()
	}
	var t *torchFile
	info, err := f.Stat()
	if err == nil {
		t, err = parsePyTorch(f, info.Size())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("weights: %s: %w", file, err)
	}
	t.file = f
	return t, nil
}

func decodePyTorch(r io.ReaderAt, size int64) (*File, error) {
	t, err := parsePyTorch(r, size)
	if err != nil {
		return nil, err
	}
	return t.assemble()
}

func parsePyTorch(r io.ReaderAt, size int64) (*torchFile, error) {
	if z, err := zip.NewReader(r, size); err == nil {
		return parseZip(z)
	}
	return parseLegacy(bufio.NewReader(io.NewSectionReader(r, 0, size)), size)
}

// parseZip reads data.pkl; every storage has a record of its own.
func parseZip(z *zip.Reader) (*torchFile, error) {
	records, root := map[string]*zip.File{}, ""
	for _, f := range z.File {
		records[f.Name] = f
		if path.Base(f.Name) == "data.pkl" && (root == "" || len(f.Name) < len(root)) {
			root = f.Name
		}
	}
	root = strings.TrimSuffix(root, "data.pkl")
	if _, script := records[root+"constants.pkl"]; script {
		return nil, errors.New("is a TorchScript archive, a program; want weights (a state dict or safetensors)")
	}
	data, ok := records[root+"data.pkl"]
	if !ok {
		return nil, errors.New("zip file without data.pkl, want one of torch.save")
	}
	if order, ok := records[root+"byteorder"]; ok {
		if b, err := readRecord(order); err != nil || string(b) != "little" {
			return nil, fmt.Errorf("byteorder = %q, want little (%v)", b, err)
		}
	}
	pickled, err := readRecord(data)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(bytes.NewReader(pickled))
	views, _, err := stateDict(r)
	if err != nil {
		return nil, err
	}
	if _, err := r.ReadByte(); err == nil {
		return nil, fmt.Errorf("record %s goes on after its end", data.Name)
	}
	return &torchFile{views: views, read: func(s *storage) ([]byte, error) {
		f, ok := records[root+"data/"+s.key]
		if !ok {
			return nil, fmt.Errorf("record data/%s is missing", s.key)
		}
		return readRecord(f)
	}}, nil
}

// readRecord reads a record that is stored as it is, as torch.save does, so that it cannot be longer than the file.
func readRecord(f *zip.File) ([]byte, error) {
	if f.Method != zip.Store || f.UncompressedSize64 != f.CompressedSize64 {
		return nil, fmt.Errorf("record %s is compressed, want it stored", f.Name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := readSome(r, int64(f.UncompressedSize64))
	if err != nil {
		return nil, err
	}
	// The checksum is compared at the end only. PyTorch leaves out checksums on request: 0.
	n, err := io.ReadFull(r, make([]byte, 1))
	switch {
	case n > 0:
		return nil, fmt.Errorf("record %s goes on after its end", f.Name)
	case err == io.EOF || f.CRC32 == 0 && errors.Is(err, zip.ErrChecksum):
		return b, nil
	}
	return nil, fmt.Errorf("record %s: %w (damaged?)", f.Name, err)
}

// stateDict finds the tensors by name, and all storages that the pickle describes by key.
func stateDict(r *bufio.Reader) (map[string]view, map[string]*storage, error) {
	value, storages, err := unpickle(r)
	if err != nil {
		return nil, nil, err
	}
	entries, ok := dict(value)
	if !ok {
		return nil, nil, fmt.Errorf("holds a %T, want a dict of tensors", value)
	}
	views, err := findTensors(entries, 2)
	if err == nil && len(views) == 0 {
		err = errors.New("holds no tensors by name, want a state dict")
	}
	return views, storages, err
}

// findTensors gives the tensors of the state dict that a dict holds beside other things, at most so many dicts deep, or else its own.
func findTensors(entries map[string]any, deep int) (map[string]view, error) {
	var views map[string]view
	var found string
	for _, name := range []string{"state_dict", "model", "teacher"} {
		inside, ok := dict(entries[name])
		if !ok || deep == 0 {
			continue
		}
		inner, err := findTensors(inside, deep-1)
		if err != nil {
			return nil, err
		}
		if len(inner) == 0 {
			continue
		}
		if found != "" {
			return nil, fmt.Errorf("holds tensors as %q and as %q, want one of them", found, name)
		}
		views, found = inner, name
	}
	if found != "" {
		return views, nil
	}
	views = map[string]view{}
	for name, v := range entries {
		if t, ok := v.(view); ok {
			views[name] = t
		}
	}
	return views, nil
}

// dict gives the entries of a dict whose keys are text.
func dict(value any) (map[string]any, bool) {
	entries := map[string]any{}
	add := func(key, value any) {
		if name, ok := key.(string); ok {
			entries[name] = value
		}
	}
	switch d := value.(type) {
	case *types.Dict:
		for _, e := range *d {
			add(e.Key, e.Value)
		}
	case *types.OrderedDict:
		for _, e := range d.Map {
			add(e.Key, e.Value)
		}
	default:
		return nil, false
	}
	return entries, true
}
