package npy

import (
	"archive/zip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/atomicfile"
)

// Archive is an open .npz file.
type Archive struct {
	path    string
	zip     *zip.ReadCloser
	members map[string]*zip.File
}

// Open opens a .npz file and lists its arrays without reading them.
func Open(path string) (*Archive, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %s: %w", path, err)
	}
	return &Archive{path: path, zip: z, members: listMembers(&z.Reader)}, nil
}

func listMembers(z *zip.Reader) map[string]*zip.File {
	members := map[string]*zip.File{}
	for _, f := range z.File {
		members[strings.TrimSuffix(f.Name, ".npy")] = f
	}
	return members
}

// Close closes the file.
func (a *Archive) Close() error { return a.zip.Close() }

// Has reports whether an array is there.
func (a *Archive) Has(name string) bool { return a.members[name] != nil }

// Names lists the arrays in order.
func (a *Archive) Names() []string { return slices.Sorted(maps.Keys(a.members)) }

// Load reads one array of an archive.
func Load[T Number](a *Archive, name string) (Array[T], error) {
	f := a.members[name]
	if f == nil {
		return Array[T]{}, fmt.Errorf("npy: %s holds %s, want %s", a.path, strings.Join(a.Names(), ", "), name)
	}
	array, err := readMember[T](f)
	if err != nil {
		return array, fmt.Errorf("npy: %s: %s: %w", a.path, name, err)
	}
	return array, nil
}

func readMember[T Number](f *zip.File) (Array[T], error) {
	r, err := f.Open()
	if err != nil {
		return Array[T]{}, err
	}
	defer r.Close()
	a, err := Read[T](r)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(r, 1)) // reading to the end checks the checksum
	}
	return a, err
}

// Member is an array to write into an archive.
type Member struct {
	Name  string
	Write func(w io.Writer) error
}

// As makes a member of an array.
func As[T Number](name string, a Array[T]) Member {
	return Member{name, func(w io.Writer) error { return Write(w, a) }}
}

// WriteArchive writes a .npz file atomically, uncompressed as numpy.savez does.
func WriteArchive(path string, members ...Member) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, m := range members {
			f, err := z.CreateHeader(&zip.FileHeader{Name: m.Name + ".npy", Method: zip.Store})
			if err != nil {
				return err
			}
			if err := m.Write(f); err != nil {
				return err
			}
		}
		return z.Close()
	})
}
