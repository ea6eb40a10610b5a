package record

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// pollInterval is how often a waiting process looks whether the lock is free.
const pollInterval = 100 * time.Millisecond

// holder is what the lock file says about the process that holds it, for the message of one that waits.
type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Start time.Time `json:"start"`
}

// lock waits until this process alone holds the lock file at path, and keeps it until the file is closed or the process dies.
func lock(ctx context.Context, path string, message io.Writer) (*os.File, error) {
	for told := false; ; {
		f, err := tryLock(path)
		if f != nil || err != nil {
			return f, err
		}
		if !told {
			fmt.Fprintln(message, waiting(path))
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("record: %s: %w", waiting(path), context.Cause(ctx))
		case <-time.After(pollInterval):
		}
	}
}

// tryLock returns nil while another process holds the lock.
func tryLock(path string) (_ *os.File, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("record: lock: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	free, err := flock(f)
	if err != nil {
		return nil, fmt.Errorf("record: lock %s: %w", path, err)
	}

	// The previous holder may have removed the file between our opening and our locking it: then it protects nothing.
	mine, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("record: lock: %w", err)
	}
	if there, err := os.Stat(path); !free || err != nil || !os.SameFile(mine, there) {
		f.Close()
		return nil, nil
	}

	host, _ := os.Hostname()
	b, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Start: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return nil, fmt.Errorf("record: lock: %w", err)
	}
	if err := f.Truncate(0); err != nil {
		return nil, fmt.Errorf("record: lock: %w", err)
	}
	if _, err := f.WriteAt(append(b, '\n'), 0); err != nil {
		return nil, fmt.Errorf("record: lock: %w", err)
	}
	return f, nil
}

// waiting names the process that holds the lock.
func waiting(path string) string {
	b, _ := os.ReadFile(path)
	var h holder
	if err := json.Unmarshal(bytes.TrimSpace(b), &h); err != nil || h.PID == 0 {
		return fmt.Sprintf("waiting for another process, which holds %s", path)
	}
	return fmt.Sprintf("waiting for pid %d on %s, which holds %s since %s", h.PID, h.Host, path, h.Start.Format(time.DateTime))
}
