package engine

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// What a program holds counts, and the peak stays when it is let go.
func TestMemoryGrowsByWhatIsHeld(t *testing.T) {
	before, _, err := Memory()
	if err != nil {
		t.Skip(err)
	}
	const size = 256 << 20
	held := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		held[i] = 1
	}
	now, peak, err := Memory()
	if err != nil || now-before < size/2 || peak < now-size/8 {
		t.Errorf("memory = %d, before %d, peak %d, error %v, want %d more", now, before, peak, err, size)
	}
	runtime.KeepAlive(held)
	held = nil
	TrimMemory()
	after, later, err := Memory()
	if err != nil || after > now-size/2 || later < peak-size/8 { // the kernel counts in batches
		t.Errorf("memory = %d after %d, peak %d after %d, error %v, want less and the same peak", after, now, later, peak, err)
	}
}

// A job's limit counts where it is below what the machine has: of control groups of version 1 and 2, at their root and where the process is.
func TestHostMemoryKnowsLimits(t *testing.T) {
	const machine = "MemTotal:       16384 kB\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  float64
	}{
		"unknown":              {nil, 0},
		"the machine's":        {map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "max\n"}, 16 << 20},
		"of a container":       {map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "4096\n"}, 4096},
		"of a job":             {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/job_7\n", "sys/fs/cgroup/job_7/memory.max": "8192\n"}, 8192},
		"of a job, version 1":  {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "3:cpu:/\n9:memory:/job\n", "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "8192\n"}, 8192},
		"above the machine's":  {map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 16 << 20},
		"of a job's own limit": {map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "4096\n", "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "2048\n"}, 2048},
	} {
		root := t.TempDir()
		for file, text := range test.files {
			path := filepath.Join(root, file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
				t.Fatal(err)
			}
		}
		if got := memoryBelow(root); got != test.want {
			t.Errorf("%s: %g bytes, want %g", name, got, test.want)
		}
	}
}

// XLA tells what a program takes in and gives out, to the byte, and at least the activations that its gradient needs. Without the field of go-xla that
// holds it this fails. The pure Go engine does not tell.
func TestCompiledProgramsTellTheirMemory(t *testing.T) {
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	for choice, want := range map[string]Usage{"xla:cpu": {Inputs: 4 * (512*256 + 256*256), Outputs: 4 * 256 * 256, Temporary: 3 * 4 * 512 * 256}, "go": {}} {
		e, err := Open(t.Context(), choice, nil)
		if err != nil {
			t.Log(choice, "is not tried:", err)
			continue
		}
		defer e.Close()
		exec, err := NewExec(e.Backend, func(x, w *Node) *Node {
			for range 3 {
				x = Tanh(Dot(x, w).Product())
			}
			return Gradient(ReduceAllSum(x), w)[0]
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		g, err := exec.Compile(shapes.Make(dtypes.Float32, 512, 256), shapes.Make(dtypes.Float32, 256, 256))
		if err != nil {
			t.Fatal(err)
		}
		got, err := UsageOf(g.Executable())
		if errors.Is(err, ErrNoUsage) != (choice == "go") || got.Inputs != want.Inputs || got.Outputs != want.Outputs || got.Aliases != 0 || got.Temporary < want.Temporary {
			t.Errorf("%s: %+v, %v, want %+v", choice, got, err, want)
		}
	}
}
