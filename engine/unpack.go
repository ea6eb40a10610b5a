package engine

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// unpack writes one member of a wheel (zip) or tarball to the file dst and returns its length.
func unpack(archive, member, dst string) (int64, error) {
	if filepath.Ext(archive) == ".whl" {
		return unzip(archive, member, dst)
	}
	return untar(archive, member, dst)
}

func unzip(archive, member, dst string) (int64, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return 0, err
	}
	defer z.Close()
	f, err := z.Open(member)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return writeFile(dst, f)
}

func untar(archive, member, dst string) (int64, error) {
	f, err := os.Open(archive)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return 0, err
	}
	for t := tar.NewReader(gz); ; {
		header, err := t.Next()
		if err == io.EOF {
			return 0, fmt.Errorf("%s: no member %s", filepath.Base(archive), member)
		}
		if err != nil {
			return 0, err
		}
		if header.Name == member && header.Typeflag == tar.TypeReg {
			return writeFile(dst, t)
		}
	}
}

// writeFile syncs a file to the disk: its marker, written next, must not survive a power cut without it.
func writeFile(dst string, r io.Reader) (int64, error) {
	f, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return n, err
}
