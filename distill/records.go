package distill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/record"
)

// records keep on disk what a frozen network gives for the inputs of a data set, so that it is computed once, whatever the method and the
// seed. They lie in one file. Record i has so many values, and a checksum of them and of their subject. A record that is half written,
// altered or of another subject is none. Processes may share the file: they write the same bytes.
type records struct {
	file   *os.File
	kind   string // of the values, for errors
	values int    // of a record
}

// openRecords opens the file whose name is the hash of fields, in a folder; "" is the kind's folder in the user's cache.
func openRecords(kind, dir string, values int, fields map[string]any) (*records, error) {
	if dir == "" {
		var err error
		if dir, err = download.Dir(kind); err != nil {
			return nil, fmt.Errorf("distill: no cache folder for %s: %w", kind, err)
		}
	}
	name, err := record.Hash(fields)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("distill: %s: %w", kind, err)
	}
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("distill: %s: %w", kind, err)
	}
	return &records{file, kind, values}, nil
}

// RecordBytes is the size on disk of so many values of a picture's latents or a caption's states.
func RecordBytes(values int) int64 { return 4 * int64(values+1) }

func (r *records) size() int64 { return RecordBytes(r.values) }

// get reads record i, nil where there is none of this subject.
func (r *records) get(i int, subject string) ([]float32, error) {
	raw := make([]byte, r.size())
	if _, err := r.file.ReadAt(raw, int64(i)*r.size()); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("distill: %s: %w", r.kind, err)
	}
	values, sum := raw[:4*r.values], raw[4*r.values:]
	if binary.LittleEndian.Uint32(sum) != checksum(values, subject) {
		return nil, nil
	}
	x := make([]float32, r.values)
	for k := range x {
		x[k] = math.Float32frombits(binary.LittleEndian.Uint32(values[4*k:]))
	}
	return x, nil
}

// put writes record i.
func (r *records) put(i int, subject string, x []float32) error {
	raw := make([]byte, 0, r.size())
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	raw = binary.LittleEndian.AppendUint32(raw, checksum(raw, subject))
	if _, err := r.file.WriteAt(raw, int64(i)*r.size()); err != nil {
		return fmt.Errorf("distill: %s: %w", r.kind, err)
	}
	return nil
}

// checksum is never 0, which is what a file has where nothing was written.
func checksum(values []byte, subject string) uint32 {
	return max(1, crc32.Update(crc32.ChecksumIEEE([]byte(subject)), crc32.IEEETable, values))
}
