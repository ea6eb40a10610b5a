package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// header describes the values of a file.
type header struct {
	kind    byte // 'f', 'i', 'u' or 'b'
	width   int  // bytes per value
	order   binary.ByteOrder
	fortran bool
	shape   []int
}

func readHeader(r io.Reader) (h header, err error) {
	start := make([]byte, len(magic)+2)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:len(magic)]) != magic {
		return h, errors.New("does not begin as a .npy array does")
	}
	major := start[len(magic)]
	size, known := map[byte]int{1: 2, 2: 4, 3: 4}[major]
	if !known {
		return h, fmt.Errorf("format = %d, want 1, 2 or 3", major)
	}
	var b [4]byte
	if _, err := io.ReadFull(r, b[:size]); err != nil {
		return h, fmt.Errorf("header: %w", noEOF(err))
	}
	length := binary.LittleEndian.Uint32(b[:])
	if length > maxHeader {
		return h, fmt.Errorf("header = %d bytes, want ≤ %d", length, maxHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, fmt.Errorf("header: %w", noEOF(err))
	}
	return parseHeader(string(text))
}

// The three entries of the dictionary, each in the only forms that NumPy writes for plain numbers.
var (
	descrEntry   = regexp.MustCompile(`'descr'\s*:\s*(?:'([^']*)'|(\[))`)
	fortranEntry = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	shapeEntry   = regexp.MustCompile(`'shape'\s*:\s*\(([\d\s,L]*)\)`)
	plainDescr   = regexp.MustCompile(`^([<>|=])?([fiub])([1248])$`)
)

func parseHeader(text string) (h header, err error) {
	descr, fortran, shape := descrEntry.FindStringSubmatch(text), fortranEntry.FindStringSubmatch(text), shapeEntry.FindStringSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return h, errors.New("header lacks 'descr', 'fortran_order' or 'shape'")
	}
	if strings.Contains(descr[1], "O") {
		return h, errors.New("holds Python objects, want numbers: objects are pickled, and reading them would run code")
	}
	if h, err = parseDescr(descr[1] + descr[2]); err != nil {
		return h, err
	}
	h.fortran = fortran[1] == "True"
	for field := range strings.SplitSeq(shape[1], ",") {
		field = strings.TrimSuffix(strings.TrimSpace(field), "L") // Python 2 wrote 10L
		if field == "" {
			continue
		}
		n, err := strconv.Atoi(field)
		if err != nil {
			return h, fmt.Errorf("shape = (%s), want whole numbers", shape[1])
		}
		h.shape = append(h.shape, n)
	}
	if len(h.shape) > 32 {
		return h, fmt.Errorf("shape has %d dimensions, want ≤ 32", len(h.shape))
	}
	return h, nil
}

// parseDescr reads the type of plain numbers, such as "<f4".
func parseDescr(descr string) (h header, err error) {
	d := plainDescr.FindStringSubmatch(descr)
	if d == nil || d[2] == "f" && d[3] == "1" || d[2] == "b" && d[3] != "1" {
		return h, fmt.Errorf("descr = %q, want plain numbers: f2, f4, f8, i1 … i8, u1 … u8 or b1", descr)
	}
	h.kind, h.width, h.order = d[2][0], int(d[3][0]-'0'), binary.LittleEndian
	if d[1] == ">" {
		h.order = binary.BigEndian
	}
	return h, nil
}

// values is the number of values, checked before anything is read.
func (h header) values() (int, error) {
	if slices.Contains(h.shape, 0) {
		return 0, nil
	}
	n := 1
	for _, d := range h.shape {
		if n > maxBytes/8/d {
			return 0, fmt.Errorf("shape = %v, want ≤ %d bytes", h.shape, maxBytes)
		}
		n *= d
	}
	return n, nil
}
