package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/addlab/addlab/internal/atomicfile"
)

// Answers to a question.
const (
	left  = "left"
	right = "right"
	none  = "none" // cannot say
)

// vote is a line of the file of votes: a voter's answers to both questions about one pair.
type vote struct {
	Time      time.Time `json:"time"`
	Study     string    `json:"study"` // study.id
	Voter     string    `json:"voter"`
	Pair      int       `json:"pair"` // its place in the voter's order
	Caption   string    `json:"caption"`
	Left      string    `json:"left"` // what was shown: a method, or what checks attention
	Right     string    `json:"right"`
	Looks     string    `json:"looks"`               // which looks better: left, right or none
	Fits      string    `json:"fits"`                // which fits the caption better
	Attention string    `json:"attention,omitempty"` // how one side was broken, where the pair checks attention
	Intact    string    `json:"intact,omitempty"`    // the other side
	Seconds   float64   `json:"seconds"`             // from the pictures to the second answer
}

func (v vote) validate() error {
	side := func(s string) bool { return s == left || s == right }
	answer := func(s string) bool { return side(s) || s == none }
	switch {
	case v.Study == "" || v.Voter == "" || v.Left == "" || v.Right == "" || v.Time.IsZero():
		return errors.New("one of time, study, voter, left and right is missing")
	case v.Pair < 0 || !(v.Seconds >= 0):
		return fmt.Errorf("pair = %d, seconds = %v, want ≥ 0", v.Pair, v.Seconds)
	case !answer(v.Looks) || !answer(v.Fits):
		return fmt.Errorf("looks = %q, fits = %q, want left, right or none", v.Looks, v.Fits)
	case v.Attention == "" && v.Left == v.Right:
		return fmt.Errorf("left and right are both %q", v.Left)
	case v.Attention != "" && v.Attention != noiseBeside && v.Attention != otherCaption:
		return fmt.Errorf("attention = %q, want %q or %q", v.Attention, noiseBeside, otherCaption)
	case v.Attention != "" && !side(v.Intact):
		return fmt.Errorf("intact = %q, want left or right", v.Intact)
	}
	return nil
}

// failed reports whether a pair that checks attention was answered wrongly. Another caption's picture is as beautiful as any, so only
// the caption is asked for there.
func (v vote) failed() bool {
	return v.Attention != "" && (v.Fits != v.Intact || v.Attention == noiseBeside && v.Looks != v.Intact)
}

// readVotes reads a file of votes. A line that a killed program cut off is skipped, and a note names it; any other line that is no vote
// is an error.
func readVotes(path string) (votes []vote, notes []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		whole := bytes.HasSuffix(line, []byte("\n"))
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		v, err := parseVote(bytes.TrimSpace(line))
		switch {
		case err == nil:
			votes = append(votes, v)
		case !whole || errors.Is(err, io.ErrUnexpectedEOF) || bytes.IndexByte(line, 0) >= 0:
			notes = append(notes, fmt.Sprintf("%s:%d: skipped, the line is cut off: %.60q", path, n, bytes.TrimSpace(line)))
		default:
			return nil, nil, fmt.Errorf("%s:%d: no vote: %w", path, n, err)
		}
	}
	return votes, notes, nil
}

func parseVote(line []byte) (v vote, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, err
	}
	if _, err := d.Token(); err != io.EOF {
		return v, errors.New("more than one value in the line")
	}
	return v, v.validate()
}

// voteFile is a file of votes that one server appends to.
type voteFile struct {
	path string
	file *os.File
	lock *flock.Flock
	size int64
}

// openVotes opens the votes of a study, those of no other, and gives what is there. As long as it is open, nobody else can open it.
func openVotes(path, study string) (_ *voteFile, votes []vote, notes []string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, nil, nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil { // one file by two names is one file
		path = real
	}
	f := &voteFile{path: path, lock: flock.New(path+".lock", flock.SetPermissions(0o666))}
	free, err := f.lock.TryLock()
	if err != nil {
		return nil, nil, nil, err
	}
	if !free {
		holder, _ := os.ReadFile(path + ".lock")
		return nil, nil, nil, fmt.Errorf("votes = %s: a server writes to it (%s): open its page, or give this one another --votes", path, strings.TrimSpace(string(holder)))
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := os.WriteFile(path+".lock", fmt.Appendf(nil, "pid %d, since %s\n", os.Getpid(), time.Now().UTC().Format(time.DateTime)), 0o666); err != nil {
		return nil, nil, nil, err
	}
	votes, notes, err = readVotes(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, err
	}
	for _, v := range votes {
		if v.Study != study {
			return nil, nil, nil, fmt.Errorf("votes = %s holds votes of study %s, this one is %s: other methods, pictures, captions or seed. Want another --votes, or as methods the folders that are kept in %s", path, v.Study, study, keptAt(path, v.Study))
		}
	}
	return f, votes, notes, f.begin()
}

// begin opens the file for appending and ends a last line without an end, so that the next vote has a line of its own.
func (f *voteFile) begin() (err error) {
	if f.file, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
		return err
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if f.size = info.Size(); f.size == 0 {
		return atomicfile.SyncDir(filepath.Dir(f.path))
	}
	last := make([]byte, 1)
	if _, err := f.file.ReadAt(last, f.size-1); err != nil || last[0] == '\n' {
		return err
	}
	return f.write([]byte("\n"))
}

// append puts a vote on the disk before it returns. After an error nothing of it is in the file.
func (f *voteFile) append(v vote) error {
	if err := v.validate(); err != nil {
		return err
	}
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return f.write(append(line, '\n'))
}

func (f *voteFile) write(line []byte) error {
	_, err := f.file.Write(line)
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		return errors.Join(err, f.file.Truncate(f.size))
	}
	f.size += int64(len(line))
	return nil
}

// Close lets another server have the file.
func (f *voteFile) Close() (err error) {
	if f.file != nil {
		err = f.file.Close()
	}
	return errors.Join(err, f.lock.Unlock())
}
