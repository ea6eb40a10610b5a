package record

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const pollInterval = 100 * time.Millisecond

// lock waits until this process alone holds the lock file at path, and keeps it until it is unlocked or the process dies.
func lock(ctx context.Context, path string, message io.Writer) (*flock.Flock, error) {
	l, err := tryLock(path)
	if l != nil || err != nil {
		return l, err
	}
	fmt.Fprintln(message, waiting(path))
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("record: %s: %w", waiting(path), context.Cause(ctx))
		case <-time.After(pollInterval):
		}
		if l, err := tryLock(path); l != nil || err != nil {
			return l, err
		}
	}
}

// tryLock returns nil while another process holds the lock. The file is removed only once the run is finished: who then locks the removed
// file or a new one finds the result.
func tryLock(path string) (*flock.Flock, error) {
	l := flock.New(path, flock.SetPermissions(0o666))
	if free, err := l.TryLock(); err != nil || !free {
		return nil, err
	}
	host, _ := os.Hostname()
	holder := fmt.Sprintf("pid %d on %s, since %s\n", os.Getpid(), host, time.Now().UTC().Format(time.DateTime))
	return l, os.WriteFile(path, []byte(holder), 0o666)
}

func waiting(path string) string {
	holder, _ := os.ReadFile(path)
	return fmt.Sprintf("waiting for %s, which holds %s", strings.TrimSpace(string(holder)), path)
}
