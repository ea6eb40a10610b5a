package pretrain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomlx/gomlx/ml/model"
)

// The text encoder moves with the teacher only where it is told to.
func TestTuneText(t *testing.T) {
	for _, tune := range []bool{false, true} {
		c := tinyTrainer(t, 4)
		c.Config.TuneText = tune
		store := model.NewStore()
		task, err := c.Task("teacher", store)
		if err != nil {
			t.Fatal(err)
		}
		take := func(step int) map[string][]float32 {
			if _, err := task.Step(step); err != nil {
				t.Fatal(err)
			}
			return snapshot(store)
		}
		first, moved := take(1), false
		take(2)
		last := take(3)
		for path, x := range first {
			if strings.HasPrefix(path, "/text/") {
				moved = moved || !cmp.Equal(x, last[path])
			}
		}
		if moved != tune {
			t.Errorf("tune_text = %v, but the text encoder moved: %v", tune, moved)
		}
		if kept := len(below(last, c.Config.teacherText()+"/")); kept == 0 {
			t.Errorf("tune_text = %v: nothing below %s", tune, c.Config.teacherText())
		}
	}
}

// below are the values under a path.
func below(values map[string][]float32, path string) map[string][]float32 {
	part := map[string][]float32{}
	for p, x := range values {
		if strings.HasPrefix(p, path) {
			part[p] = x
		}
	}
	return part
}
