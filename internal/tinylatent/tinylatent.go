// Package tinylatent gives tests the small latent diffusion models of latent/testdata as folders.
package tinylatent

import (
	"archive/zip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Folder is a copy of "sd", whose weights are of the variant fp16, or of "xl", whose U-Net is in shards.
func Folder(t testing.TB, name string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	z, err := zip.OpenReader(filepath.Join(filepath.Dir(here), "..", "..", "latent", "testdata", name+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	return dir
}
