package sweep

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/internal/tinybundle"
	"github.com/addlab/addlab/network/weights"
)

// A field that is lost reads as 0, which would be the best FID of all.
func TestMeasurementsWithoutNumbersAreRefused(t *testing.T) {
	p := newTestPlan(t, []ablations.Axis{ablations.Augment}, 1)
	l := &laboratory{}
	o := l.options(p, t.TempDir())
	if _, err := o.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Runs.Dir(), p.Jobs[0].Hash, "result.json")
	for _, damage := range []string{"{}", `{"fid": null, "clip": 0.3}`} {
		if err := os.WriteFile(path, []byte(damage), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.Gather(); err == nil || !strings.Contains(err.Error(), "has fid = 0 and clip = 0") || !strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("%s: error %v, want the folder and what it lacks", damage, err)
		}
	}
}

// Networks take any bytes for weights: that a student is the one that was trained is told by its checksum.
func TestDamagedStudentsAreRefused(t *testing.T) {
	s := StudentRun{Dir: t.TempDir()}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("config.json", "{}")
	write(distill.StudentFile, "weights")
	sum, err := weights.SHA256(s.Student())
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range []string{"{}", fmt.Sprintf(`{"sha256": %q}`, sum)} {
		write("result.json", result)
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v, want none", result, err)
		}
	}
	write(distill.StudentFile, "weightz")
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), distill.StudentFile+" has SHA-256") {
		t.Errorf("a student of which a byte changed: error %v, want both checksums", err)
	}
}

// Brackets in the name of a folder are no pattern.
func TestNetworksAreFoundWhateverTheirFolderIsCalled(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a[b]")
	dir := filepath.Join(root, "pretrained", "tiny")
	if err := os.CopyFS(dir, os.DirFS(tinybundle.Write(t, "classifier", "pair"))); err != nil {
		t.Fatal(err)
	}
	if b, err := (StudentRun{Dir: filepath.Join(root, "runs", "0123456789ab")}).Bundle(""); err != nil || b.Dir != dir {
		t.Errorf("%+v, %v, want the bundle in %s", b, err, dir)
	}
}
