package lessons

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/sweep"
)

// recorded tells whether a notebook's training leaves what the programs' do: the checksum of its student, or that it diverged.
func recorded(t *testing.T, l *Lab, student Student) {
	t.Helper()
	result := func(dir string) (trained sweep.Trained) {
		text, err := os.ReadFile(filepath.Join(dir, "result.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &trained); err != nil {
			t.Fatal(err)
		}
		return trained
	}
	if trained := result(student.Dir); len(trained.SHA256) != 64 || trained.Err() != nil {
		t.Errorf("trained = %+v, want a student with its checksum", trained)
	}
	wild := l.Config()
	wild.StudentRate.Peak = 1e30
	for range 2 { // that it diverges is its result: it is not tried again
		s, err := l.Distill(wild)
		if err == nil || !strings.Contains(err.Error(), "diverged") {
			t.Fatalf("a student at a rate of 1e30: %v, want that it diverged", err)
		}
		if trained := result(s.Dir); trained.SHA256 != "" || trained.Err() == nil {
			t.Errorf("trained = %+v, want no student and why", trained)
		}
	}
}
