package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func opened(t *testing.T, path string) (*voteFile, []vote, []string) {
	t.Helper()
	f, votes, notes, err := openVotes(path, "s")
	if err != nil {
		t.Fatal(err)
	}
	return f, votes, notes
}

func TestVotesComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "votes.jsonl")
	want := []vote{sample("ann", 0), sample("bob", 0), sample("ann", 1)}
	for i, v := range want { // each by a server of its own
		f, votes, notes := opened(t, path)
		if diff := cmp.Diff(want[:i], votes); diff != "" && i > 0 || len(notes) > 0 {
			t.Errorf("before vote %d: notes %q (-want +got):\n%s", i, notes, diff)
		}
		if err := f.append(v); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	votes, notes, err := readVotes(path)
	if diff := cmp.Diff(want, votes); diff != "" || err != nil || notes != nil {
		t.Errorf("%v, notes %q (-want +got):\n%s", err, notes, diff)
	}
	if text := readFile(t, path); strings.Count(text, "\n") != 3 {
		t.Errorf("the file is %q, want a line for each vote", text)
	}
}

// Wherever a kill cuts off the last line, the votes before it are there, the next vote has a line of its own, and what is skipped is named.
func TestALineThatIsCutOff(t *testing.T) {
	dir := t.TempDir()
	first, second := line(t, sample("ann", 0)), line(t, sample("ann", 1))
	for cut := 1; cut <= len(second); cut++ {
		path := writeFile(t, filepath.Join(dir, fmt.Sprint(cut)), first+second[:cut])
		whole := cut >= len(second)-1 // but for its end
		want := 1
		if whole {
			want = 2
		}
		f, votes, notes := opened(t, path)
		if len(votes) != want || (len(notes) == 0) != whole {
			t.Fatalf("cut at %d of %d: %d votes, notes %q, want %d votes", cut, len(second), len(votes), notes, want)
		}
		if !whole && !strings.HasPrefix(notes[0], path+":2: skipped, the line is cut off: ") {
			t.Errorf("note = %q, want file and line", notes[0])
		}
		if err := f.append(sample("ann", 2)); err != nil {
			t.Fatal(err)
		}
		f.Close()
		votes, again, err := readVotes(path)
		if err != nil || len(votes) != want+1 || votes[want].Pair != 2 || len(again) != len(notes) {
			t.Fatalf("cut at %d: %d votes (%v), notes %q after another vote, want %d", cut, len(votes), err, again, want+1)
		}
	}
}

func line(t *testing.T, v vote) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// killedEnv makes the test program a writer of votes until somebody kills it.
const killedEnv = "ADDLAB_TEST_PREFER_VOTES"

func TestMain(m *testing.M) {
	if path := os.Getenv(killedEnv); path != "" {
		f, votes, _, err := openVotes(path, "s")
		for n := len(votes); err == nil; n++ {
			if err = f.append(sample("ann", n)); err == nil {
				fmt.Println("kept", n)
			}
		}
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A server that is killed loses no vote that it has confirmed, and gives the file free.
func TestKilledServerLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "votes.jsonl")
	kept := 0
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), killedEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 7 + 3*round {
			if !lines.Scan() || lines.Text() != fmt.Sprint("kept ", kept) {
				t.Fatalf("round %d: %q, want vote %d", round, lines.Text(), kept)
			}
			kept++
		}
		if round == 0 { // two servers would mix up
			if _, _, _, err := openVotes(path, "s"); err == nil || !strings.Contains(err.Error(), "a server writes to it (pid "+fmt.Sprint(cmd.Process.Pid)) {
				t.Errorf("a second server: %v, want the process of the first", err)
			}
		}
		cmd.Process.Kill()
		for lines.Scan() { // confirmed before the kill
			if lines.Text() == fmt.Sprint("kept ", kept) {
				kept++
			}
		}
		cmd.Wait()
		votes, _, err := readVotes(path)
		if err != nil || len(votes) < kept {
			t.Fatalf("round %d: %d votes (%v), want all %d that were confirmed", round, len(votes), err, kept)
		}
		for n, v := range votes {
			if v.Pair != n {
				t.Fatalf("vote %d is of pair %d", n, v.Pair)
			}
		}
		kept = len(votes) // one may be on the disk without having been confirmed
	}
}

func TestOneServerPerFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "votes.jsonl"), filepath.Join(dir, "link.jsonl")
	f, _, _ := opened(t, path)
	if err := f.append(sample("ann", 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	for _, name := range []string{path, link} {
		if _, _, _, err := openVotes(name, "s"); err == nil || !strings.Contains(err.Error(), "a server writes to it") {
			t.Errorf("%s: error = %v, want that a server writes to it", name, err)
		}
	}
	if votes, _, err := readVotes(path); len(votes) != 1 || err != nil { // the report reads all the same
		t.Errorf("%d votes (%v), want 1", len(votes), err)
	}
	f.Close()
	f, votes, _ := opened(t, link)
	defer f.Close()
	if len(votes) != 1 {
		t.Errorf("%d votes by another name, want 1", len(votes))
	}
}

func TestFilesThatAreNoVotes(t *testing.T) {
	good := line(t, sample("ann", 0))
	edited := func(edit func(*vote)) string {
		v := sample("ann", 1)
		edit(&v)
		return line(t, v)
	}
	for why, c := range map[string]struct{ text, want string }{
		"no JSON":                    {"voter,pair\n1,2\n", ":1: no vote: "},
		"other JSON":                 {good + "{\"file_name\": \"a.png\"}\n", `:2: no vote: json: unknown field "file_name"`},
		"an empty object":            {"{}\n" + good, ":1: no vote: one of time, study"},
		"two votes in a line":        {strings.TrimSuffix(good, "\n") + good, ":1: no vote: more than one value"},
		"an unknown answer":          {edited(func(v *vote) { v.Looks = "both" }), `looks = "both"`},
		"a method beside itself":     {edited(func(v *vote) { v.Right = "a" }), `left and right are both "a"`},
		"an unknown check":           {edited(func(v *vote) { v.Attention = "yes" }), `attention = "yes"`},
		"a check without its answer": {edited(func(v *vote) { v.Attention = noiseBeside }), `intact = ""`},
		"votes of another study":     {good + edited(func(v *vote) { v.Study = "t" }), "holds votes of study t, this one is s"},
	} {
		path := writeFile(t, filepath.Join(t.TempDir(), "votes.jsonl"), c.text)
		if _, _, _, err := openVotes(path, "s"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %q", why, err, c.want)
		}
		if got := readFile(t, path); got != c.text {
			t.Errorf("%s: the file became %q", why, got)
		}
	}
	// Zeros are what a file system may leave of a line after a power cut.
	path := writeFile(t, filepath.Join(t.TempDir(), "votes.jsonl"), good+"\x00\x00\x00\n\n"+edited(func(*vote) {}))
	votes, notes, err := readVotes(path)
	if err != nil || len(votes) != 2 || len(notes) != 1 {
		t.Errorf("%d votes, notes %q, %v, want two votes and a note", len(votes), notes, err)
	}
}

// A vote that cannot be written is an error, and half of it does not stay.
func TestADiskThatRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "votes.jsonl")
	f, _, _ := opened(t, path)
	defer f.Close()
	if err := f.append(sample("ann", 0)); err != nil {
		t.Fatal(err)
	}
	before, writable := readFile(t, path), f.file
	var err error
	if f.file, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	if err := f.append(sample("ann", 1)); err == nil {
		t.Error("a vote went into a file that is open for reading")
	}
	f.file.Close()
	f.file = writable
	if got := readFile(t, path); got != before {
		t.Errorf("the file became %q", got)
	}
	if err := f.append(sample("ann", 1)); err != nil {
		t.Errorf("the disk is back: %v", err)
	}
	wrong := sample("ann", 2)
	wrong.Fits = ""
	if err := f.append(wrong); err == nil {
		t.Error("half a vote was written")
	}
}
