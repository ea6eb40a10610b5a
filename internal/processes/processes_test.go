package processes

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// copyVariable makes this test program a copy that does what its first argument says.
const copyVariable = "ADDLAB_TEST_COPY"

func TestMain(m *testing.M) {
	if os.Getenv(copyVariable) != "" {
		os.Exit(behave(os.Args[1], os.Args[2]))
	}
	os.Exit(m.Run())
}

// behave is what a copy does. dir is a folder that the copies share.
func behave(how, dir string) int {
	switch how {
	case "cores":
		cores, err := allowed()
		fmt.Printf("%v %d\n", cores, runtime.NumCPU())
		if err != nil {
			return 1
		}
	case "one fails": // the first to come
		f, err := os.OpenFile(filepath.Join(dir, "first"), os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			f.Close()
			fmt.Fprint(os.Stderr, "no luck")
			return 3
		}
		time.Sleep(100 * time.Millisecond)
		fmt.Println("went on")
	case "wait":
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		fmt.Println("ready")
		select {
		case <-interrupted:
			fmt.Println("tidied up")
		case <-time.After(time.Minute):
			return 1
		}
	}
	return 0
}

// ran runs copies that behave so and sorts what they said.
func ran(t *testing.T, ctx context.Context, n int, how string, out *said) ([]string, error) {
	t.Helper()
	t.Setenv(copyVariable, "1")
	err := Run(ctx, n, []string{how, t.TempDir()}, out, out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	return lines, err
}

// said is a buffer that can be read while it is written.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) { s.mu.Lock(); defer s.mu.Unlock(); return s.b.Write(p) }
func (s *said) String() string              { s.mu.Lock(); defer s.mu.Unlock(); return s.b.String() }

func TestCopiesDivideTheCores(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system shares out the cores")
	}
	cores, err := allowed()
	if err != nil || len(cores) != runtime.NumCPU() {
		t.Fatalf("allowed = %v, %v, want %d cores", cores, err, runtime.NumCPU())
	}
	n := min(3, len(cores))
	lines, err := ran(t, t.Context(), n, "cores", &said{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range n {
		mine := share(cores, i, n)
		want = append(want, fmt.Sprintf("%d| %v %d", i+1, mine, len(mine)))
	}
	if !slices.Equal(lines, want) {
		t.Errorf("copies saw %q, want %q", lines, want)
	}
	if after, err := allowed(); err != nil || !slices.Equal(after, cores) {
		t.Errorf("afterwards this process has cores %v, %v, want %v again", after, err, cores)
	}
}

func TestShares(t *testing.T) {
	cores := []int{0, 8, 1, 9, 2, 10, 3}
	var all []int
	for i := range 3 {
		part := share(cores, i, 3)
		if len(part) < 2 || len(part) > 3 {
			t.Errorf("part %d of %v is %v, want 2 or 3 cores", i, cores, part)
		}
		all = append(all, part...)
	}
	if !slices.Equal(all, cores) {
		t.Errorf("the parts are %v, want %v", all, cores)
	}
}

func TestAFailedCopyStopsNoOther(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("one core")
	}
	lines, err := ran(t, t.Context(), 2, "one fails", &said{})
	if err == nil || !regexp.MustCompile(`^process [12] of 2: exit status 3$`).MatchString(err.Error()) {
		t.Errorf("err = %v, want the process and its exit status", err)
	}
	text := strings.Join(lines, "\n")
	if !strings.Contains(text, "| no luck") || !strings.Contains(text, "| went on") {
		t.Errorf("said %q, want both copies to their end", lines)
	}
}

func TestAnInterruptionLetsCopiesTidyUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &said{}
	go func() {
		for !strings.Contains(out.String(), "1| ready") {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	lines, err := ran(t, ctx, 1, "wait", out)
	if err != context.Canceled {
		t.Errorf("err = %v, want %v", err, context.Canceled)
	}
	if !slices.Equal(lines, []string{"1| ready", "1| tidied up"}) {
		t.Errorf("said %q, want the copy to tidy up", lines)
	}
}

func TestMoreCopiesThanCores(t *testing.T) {
	for _, n := range []int{0, runtime.NumCPU() + 1} {
		want := fmt.Sprintf("processes = %d, want 1 to %d", n, runtime.NumCPU())
		if err := Run(t.Context(), n, nil, &said{}, &said{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
}

func TestLinesStayWhole(t *testing.T) {
	var b bytes.Buffer
	pass(2, iotest.OneByteReader(strings.NewReader("half\nwhole\nopen")), &b, &sync.Mutex{})
	if got, want := b.String(), "2| half\n2| whole\n2| open\n"; got != want {
		t.Errorf("out = %q, want %q", got, want)
	}
}
