package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// started runs the program until the test stops it, and gives the address that it prints.
func started(t *testing.T, args ...string) (address, said string, stop func() (rc int, stderr string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	done := make(chan int, 1)
	go func() {
		rc := command().Run(ctx, args, in, &stderr)
		in.Close()
		done <- rc
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			break
		}
	}
	go io.Copy(io.Discard, out)
	stop = func() (int, string) {
		cancel()
		rc := <-done
		return rc, stderr.String()
	}
	m := regexp.MustCompile(`(?m)^open (http://127\.0\.0\.1:\d+/[A-Z0-9]{26,}/)$`).FindAllStringSubmatch(said, -1)
	if len(m) != 1 {
		_, text := stop()
		t.Fatalf("no address, or several, in %q; stderr %q", said, text)
	}
	return m[0][1], said, stop
}

// From two folders to ratings: the program serves, takes votes, ends by an interruption without a fault, goes on where it was, and rates.
func TestStudyFromFoldersToRatings(t *testing.T) {
	texts := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	path := filepath.Join(t.TempDir(), "study", "votes.jsonl")
	args := []string{"red=" + folder(t, 200, texts...), "black=" + folder(t, 0, texts...), "--votes", path}
	address, said, stop := started(t, args...)
	for _, want := range []string{": red, black on 10 captions; 10 pairs for each voter, and checks of attention\n", "votes: " + path + " (0 so far)\n", "--report --votes " + path} {
		if !strings.Contains(said, want) {
			t.Errorf("stdout lacks %q:\n%s", want, said)
		}
	}
	var stdout, stderr bytes.Buffer
	if rc := command().Run(t.Context(), args, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), "a server writes to it") || strings.Contains(stdout.String(), "open http") {
		t.Errorf("a second program on the same file: rc = %d, %s", rc, &stderr)
	}

	// Voters see only pictures: the robot prefers those with more red, and sees noise and scenes by their size.
	vote := func(from, to int) {
		for n := from; n < to; n++ {
			_, st, _ := post(t, address+"next", voterQuestion{"robot"})
			if st.Pair == nil || st.Pair.Number != n {
				t.Fatalf("pair %+v, want %d", st.Pair, n)
			}
			looks := right
			_, picture, _ := get(t, address+st.Pair.Left)
			if colour(t, picture)[0] == 200 {
				looks = left
			}
			if len(picture) > 200 { // a check
				looks = none
			}
			if status, _, body := post(t, address+"vote", ballot{"robot", n, looks, none, 1}); status != http.StatusOK {
				t.Fatalf("status %d: %s", status, body)
			}
		}
	}
	vote(0, 5)
	if rc, text := stop(); rc != 0 || text != "" {
		t.Errorf("interrupted: rc = %d, %q, want a quiet end", rc, text)
	}
	if _, err := http.Get(address); err == nil {
		t.Error("the page is still there")
	}

	before := address
	address, said, stop = started(t, args...)
	if !strings.Contains(said, "(5 so far)") || address == before {
		t.Errorf("stdout = %s", said)
	}
	vote(5, 11)
	stdout.Reset()
	if rc := command().Run(t.Context(), []string{"--report", "--votes", path, "--all-voters"}, &stdout, &stderr); rc != 0 { // while people vote
		t.Fatal(stderr.String())
	}
	text := strings.Join(strings.Fields(stdout.String()), " ")
	for _, want := range []string{"10 pairs of 1 voter on 10 captions", "Voter robot failed 1 of 1 check of attention.", "won every vote on looks: no finite rating", "0 [0, 28]", "wrote ratings and pairs"} {
		if !strings.Contains(text, want) {
			t.Errorf("report lacks %q:\n%s", want, &stdout)
		}
	}
	if rc, text := stop(); rc != 0 || text != "" {
		t.Errorf("rc = %d, %q", rc, text)
	}

	// The folders that are kept are the same study, whatever became of the others.
	kept := keptAt(path, regexp.MustCompile(`study ([0-9a-f]+)`).FindStringSubmatch(said)[1])
	_, said, stop = started(t, "red="+filepath.Join(kept, "0-red"), "black="+filepath.Join(kept, "1-black"), "--votes", path)
	if !strings.Contains(said, "(11 so far)") || !strings.Contains(said, "pictures: "+kept+"\n") {
		t.Errorf("stdout = %s", said)
	}
	stop()

	other := append([]string{"more=" + folder(t, 100, texts...)}, args...)
	stderr.Reset()
	if rc := command().Run(t.Context(), other, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), "holds votes of study ") || !strings.Contains(stderr.String(), kept) {
		t.Errorf("other methods on the same file: rc = %d, %s", rc, &stderr)
	}
}

func TestPortThatIsTaken(t *testing.T) {
	a, b := folder(t, 1, "a", "b"), folder(t, 2, "a", "b")
	address, _, stop := started(t, a, b, "--votes", filepath.Join(t.TempDir(), "votes.jsonl"))
	defer stop()
	port := regexp.MustCompile(`:(\d+)/`).FindStringSubmatch(address)[1]
	var stdout, stderr bytes.Buffer
	if rc := command().Run(t.Context(), []string{a, b, "--port", port, "--votes", filepath.Join(t.TempDir(), "votes.jsonl")}, &stdout, &stderr); rc != 1 || !strings.Contains(stderr.String(), port) {
		t.Errorf("rc = %d, %s, want that the port is taken", rc, &stderr)
	}
}

// The commands in the help are read without a fault.
func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if rc := command().Run(t.Context(), []string{"--help"}, &stdout, &stderr); rc != 0 || stderr.Len() > 0 {
		t.Fatalf("rc = %d, %s", rc, &stderr)
	}
	commands := regexp.MustCompile(`go run \./experiments/prefer (.*?)(  |\n)`).FindAllStringSubmatch(stdout.String(), -1)
	if len(commands) < 5 {
		t.Errorf("%d commands in the help, want some", len(commands))
	}
	for _, m := range commands {
		var o options
		if err := flags(&o, strings.Fields(m[1])); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
}

func flags(o *options, args []string) error {
	f := flag.NewFlagSet("prefer", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return o.parse(f, args)
}
