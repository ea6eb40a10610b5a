package weights

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// ReadAny reads a safetensors file or one that PyTorch's torch.save wrote (.pth, .pt, .bin), by what is in it.
func ReadAny(file string) (*File, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	head := make([]byte, 4)
	n, _ := io.ReadFull(f, head)
	f.Close()
	if head = head[:n]; string(head) == "PK\x03\x04" || (n > 1 && head[0] == 0x80 && head[1] == 2) {
		return ReadPyTorch(file)
	}
	return Read(file)
}

// ReadPyTorch reads the state dict of a file that torch.save wrote, in the zip format of PyTorch 1.6 on or in the one before. A
// dict that holds it as "state_dict" or "model" beside other things will do. Such files are programs for a pickle machine: here
// only tensors and containers are made, and a file that asks for anything else is refused. TorchScript archives are programs
// throughout, and refused too.
func ReadPyTorch(file string) (*File, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	out, err := decodePyTorch(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", file, err)
	}
	return out, nil
}

func decodePyTorch(r io.ReaderAt, size int64) (*File, error) {
	if z, err := zip.NewReader(r, size); err == nil {
		return decodeZip(z)
	}
	return decodeLegacy(bufio.NewReader(io.NewSectionReader(r, 0, size)), size)
}

// decodeZip reads data.pkl, then every storage from its own record.
func decodeZip(z *zip.Reader) (*File, error) {
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
	r, err := data.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := takePickle(bufio.NewReader(r))
	if err != nil {
		return nil, err
	}
	views, err := stateDict(text)
	if err != nil {
		return nil, err
	}
	return assemble(views, func(s *storage) ([]byte, error) {
		f, ok := records[root+"data/"+s.key]
		if !ok {
			return nil, fmt.Errorf("record data/%s is missing", s.key)
		}
		return readRecord(f)
	})
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
	return readSome(r, int64(f.UncompressedSize64))
}

// stateDict finds the tensors by name.
func stateDict(text string) (map[string]view, error) {
	value, err := unpickle(text)
	if err != nil {
		return nil, err
	}
	for depth := 0; ; depth++ {
		entries, ok := dict(value)
		if !ok {
			return nil, fmt.Errorf("holds a %T, want a dict of tensors", value)
		}
		views := map[string]view{}
		var inner any
		for name, v := range entries {
			if t, ok := v.(view); ok {
				views[name] = t
			} else if _, ok := dict(v); ok && (name == "state_dict" || name == "model" || name == "teacher") {
				inner = v
			}
		}
		if len(views) > 0 {
			return views, nil
		}
		if inner == nil || depth == 2 {
			return nil, errors.New("holds no tensors by name, want a state dict")
		}
		value = inner
	}
}

// dict gives the entries of a dict whose keys are text.
func dict(value any) (map[string]any, bool) {
	entries := map[string]any{}
	switch d := value.(type) {
	case *types.Dict:
		for _, e := range *d {
			if key, ok := e.Key.(string); ok {
				entries[key] = e.Value
			}
		}
	case *types.OrderedDict:
		for k, e := range d.Map {
			if key, ok := k.(string); ok {
				entries[key] = e.Value
			}
		}
	default:
		return nil, false
	}
	return entries, true
}
