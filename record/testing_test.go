package record

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestMain lets the test program stand in for other processes: one that holds a run, one that trains and dies.
func TestMain(m *testing.M) {
	switch root := os.Getenv("RECORD_TEST_ROOT"); os.Getenv("RECORD_TEST_CHILD") {
	case "hold":
		if _, err := Open(context.Background(), root, tinyConfig{}, Environment{}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		time.Sleep(time.Minute)
		os.Exit(1)
	case "train":
		dieAt, _ := strconv.Atoi(os.Getenv("RECORD_TEST_DIE"))
		if err := train(root, dieAt); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is this test program as another process.
func child(role, root string, dieAt int) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RECORD_TEST_CHILD="+role, "RECORD_TEST_ROOT="+root, "RECORD_TEST_DIE="+strconv.Itoa(dieAt))
	return cmd
}

// train is a run of 10 steps with a checkpoint every 3, whose state is a sum. It kills itself at the dieAt-th moment.
func train(root string, dieAt int) error {
	moment := func() {
		if dieAt--; dieAt == 0 {
			self, _ := os.FindProcess(os.Getpid())
			self.Kill()
			select {}
		}
	}
	run, err := Open(context.Background(), root, tinyConfig{}, Environment{})
	if err != nil || run.Finished() {
		return err
	}
	defer run.Close()
	moment()

	first, sum := 0, 0
	if step, dir, ok := run.LatestCheckpoint(); ok {
		first = step
		if err := ReadJSON(filepath.Join(dir, "sum.json"), &sum); err != nil {
			return err
		}
	}
	metrics, err := run.Lines("metrics.jsonl")
	if err != nil {
		return err
	}
	health, err := run.Lines("health.jsonl")
	if err != nil {
		return err
	}
	for step := first + 1; step <= 10; step++ {
		sum += step * step
		if err := metrics.Append(step, map[string]float64{"sum": float64(sum)}); err != nil {
			return err
		}
		moment()
		if step%2 == 0 {
			if err := health.Append(step, struct{ Even bool }{true}); err != nil {
				return err
			}
		}
		if step%3 == 0 {
			err := run.SaveCheckpoint(step, func(dir string) error {
				moment()
				err := WriteJSON(filepath.Join(dir, "sum.json"), sum)
				moment()
				return err
			})
			if err != nil {
				return err
			}
			moment()
		}
	}
	if err := run.Finish(sum); err != nil {
		return err
	}
	moment()
	return nil
}

// content reads all files of a folder.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range folder(t, dir) {
		files[name] = read(t, filepath.Join(dir, name))
	}
	return files
}
