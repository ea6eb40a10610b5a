package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// member is a file in a shard.
type member struct{ name, data string }

func shard(t testing.TB, members ...member) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(m.data))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// numberedShard holds n samples with the given prefix in their captions.
func numberedShard(t testing.TB, n int, prefix string) string {
	t.Helper()
	var members []member
	png := string(encodePNG(t, halves(4, 4, red, blue)))
	for i := range n {
		key := fmt.Sprintf("%03d", i)
		members = append(members, member{key + ".png", png}, member{key + ".txt", prefix + key})
	}
	return shard(t, members...)
}

// addInMemory lists a shard in memory.
func addInMemory(data string) (l Listing, notes []string, err error) {
	skipped := tally{}
	err = l.addShard(strings.NewReader(data), "s", skipped, func(p place) ([]byte, error) {
		if p.offset+p.size > int64(len(data)) {
			return nil, fmt.Errorf("picture ends at %d of %d", p.offset+p.size, len(data))
		}
		return []byte(data[p.offset : p.offset+p.size]), nil
	})
	return l, skipped.notes(), err
}

// scan lists a shard in memory, as names with captions and picture bytes, and fault names with kinds.
func scan(data string) (entries, faults []string, err error) {
	l, _, err := addInMemory(data)
	captioned, all, _ := captioned(l)
	for _, e := range captioned {
		picture, err := e.Read()
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, fmt.Sprintf("%s %s %s", e.Name, e.caption, picture))
	}
	for _, f := range all {
		faults = append(faults, f.Name+" "+f.Kind)
	}
	slices.Sort(faults)
	return entries, faults, err
}

func TestShardGroupsMembersByKey(t *testing.T) {
	long := strings.Repeat("long/", 50) + "key" // needs an extended header
	entries, faults, err := scan(shard(t,
		member{"a.jpg", "JPG"}, member{"a.txt", " a cat\n"},
		member{"b.TXT", "a dog"}, member{"b.JPEG", "JPEG"}, // any order, any case
		member{"c.v1.png", "not a picture of c"}, member{"c.png", "PNG"}, member{"c.json", `{"caption": "a cow", "text": "no"}`},
		member{"x/a.webp", "WEBP"}, member{"x/a.json", `{"text": "a hen", "caption": 3}`},
		member{"d.png", "PNG"}, member{"d.jpg", "JPG"}, member{"d.txt", "first extension"},
		member{"e.jpg", "JPG"}, member{"e.cls", "3"}, member{"e.txt", "class and caption"},
		member{long + ".jpg", "LONG"}, member{long + ".txt", "long"},
		member{"._a.jpg", "resource fork"}, member{"README", "text"}, member{"__index__.txt", "ignored"}, member{"f.npy", "0"},
		member{"g.jpg", ""}, member{"g.txt", "\xff"},
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"s/a a cat JPG", "s/b a dog JPEG", "s/c a cow PNG", "s/x/a a hen WEBP", "s/d first extension JPG",
		"s/e class and caption JPG", "s/" + long + " long LONG", "s/g \ufffd "}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if len(faults) > 0 {
		t.Errorf("faults = %q, want none", faults)
	}
}

func TestShardNamesFaults(t *testing.T) {
	entries, faults, err := scan(shard(t,
		member{"a.jpg", "first"}, member{"a.txt", "a"},
		member{"b.jpg", "B"}, member{"c.txt", "c"},
		member{"d.jpg", "D"}, member{"d.txt", " "},
		member{"e.jpg", "E"}, member{"e.json", "{oops"},
		member{"f.jpg", "F"}, member{"f.txt", strings.Repeat("x", maxCaptionBytes+1)},
		member{"a.jpg", "second"},
	))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s/a a first"}, entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	want := []string{"s/a repeated", "s/b without caption", "s/c without picture", "s/d without caption",
		"s/e without caption", "s/f without caption"}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestShardTellsWhyThereIsNoCaption(t *testing.T) {
	data := shard(t,
		member{"a.jpg", "A"}, member{"a.txt", "a"}, member{"a.cls", "3"},
		member{"b.jpg", "B"}, member{"b.txt", ""}, member{"b.cls", "3"},
		member{"c.jpg", "C"}, member{"c.json", `{"caption": "c", "score": NaN}`},
		member{"d.jpg", "D"}, member{"d.txt", "d"}, member{"d.json", "{oops"},
		member{"e.jpg", "E"}, member{"e.json", `["e"]`},
	)
	l, _, err := addInMemory(data)
	if err != nil {
		t.Fatal(err)
	}
	entries, faults, _ := captioned(l)
	var got []string
	for _, f := range faults {
		got = append(got, f.Error())
	}
	const wanted = `want .txt, or .json with "caption" or "text"`
	want := []string{
		"s/b: without caption: has a class number (.cls) and no caption, " + wanted,
		"s/c: without caption: .json: invalid character 'N' looking for beginning of value, " + wanted,
		`s/e: without caption: .json: "[\"e\"]" is no JSON object, ` + wanted,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if len(entries) != 2 {
		t.Errorf("entries = %d, want a and d", len(entries))
	}
}

func TestShardRefuses(t *testing.T) {
	whole := numberedShard(t, 3, "")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(whole))
	z.Close()
	for _, c := range []struct{ name, data, want string }{
		{"a shard cut inside a picture", whole[:540], "cut off after"},
		{"a shard cut inside a header", whole[:1100], "cut off after"},
		{"a shard cut between members", whole[:2048], "no end mark: the tar file is cut off"},
		{"two shards in one file", whole + whole, "bytes follow the end mark"},
		{"an empty file", "", "no end mark"},
		{"a compressed shard", zipped.String(), "compressed with gzip, want a plain tar file"},
		{"a file that is no tar", strings.Repeat("no tar ", 200), "not a tar file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := scan(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
	for n := range len(whole) - 1024 {
		if _, _, err := scan(whole[:n]); err == nil {
			t.Fatalf("a shard of %d bytes cut after %d is read without error", len(whole), n)
		}
	}
}

func TestExpandBraces(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []string
		err  string
	}{
		{"a.tar", []string{"a.tar"}, ""},
		{"a-{08..10}.tar", []string{"a-08.tar", "a-09.tar", "a-10.tar"}, ""},
		{"{8..10}", []string{"8", "9", "10"}, ""},
		{"{a,b}/{0..1}", []string{"a/0", "a/1", "b/0", "b/1"}, ""},
		{"{0..9", nil, "unbalanced"},
		{"{a,{b,c}}", nil, "nested"},
		{"{5..1}", nil, "want a range"},
		{"{0..9999999}", nil, "want a range"},
		{"{0..9999}{0..9999}", nil, "braces = 100000000 shards, want ≤ 100000"},
	} {
		got, err := expandBraces(c.spec)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error = %v, want %q", c.spec, err, c.err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: error = %v, names (-want +got):\n%s", c.spec, err, diff)
		}
	}
}

func TestOpenShards(t *testing.T) {
	dir := writeFolder(t, map[string]string{
		"train-00.tar": numberedShard(t, 2, "x"), "train-01.tar": numberedShard(t, 2, "y"), "test-00.tar": numberedShard(t, 2, "z"),
		"notes.txt": "not a shard",
	})
	both, held := []string{"x000", "x001", "y000", "y001"}, []string{"z001", "z000"} // by hash
	for _, c := range []struct {
		name, spec     string
		train, heldout []string
	}{
		{"a folder", "", both, held},
		{"a glob", "*", both, held},
		{"braces", "{train-00,train-01,test-00}.tar", both, held},
		{"a shard matched twice counts once", "{train-00,tr*,test-00}.tar", both, held},
		{"numbers and a glob", "t*-{00..01}.tar", both, held},
		{"one shard is split by hash", "train-00.tar", []string{"x000"}, []string{"x001"}},
		{"so is one that is named as held out", "test-00.tar", []string{"z000"}, []string{"z001"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Open(path.Join(dir, c.spec), 4, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := [][]string{captions(t, d.Train()), captions(t, d.Heldout())}
			if diff := cmp.Diff([][]string{c.train, c.heldout}, got); diff != "" {
				t.Errorf("captions (-want +got):\n%s", diff)
			}
		})
	}
	for spec, want := range map[string]string{
		"train-{00..07}.tar": "train-02.tar: no such file",
		"nothing-*.tar":      "matches no shard",
		"n*":                 "matches no shard",
		"gone.tar":           "no such file or folder",
		"notes.txt":          "a file of another kind",
	} {
		if _, err := Open(path.Join(dir, spec), 4, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error = %v, want %q", spec, err, want)
		}
	}
	cut := writeFolder(t, map[string]string{"a-0.tar": numberedShard(t, 2, ""), "a-1.tar": numberedShard(t, 2, "")[:1500]})
	if _, err := Open(cut, 4, nil); err == nil || !strings.Contains(err.Error(), "a-1.tar: the tar file is cut off") {
		t.Errorf("error = %v, want the shard named", err)
	}
}

// FuzzShard: whatever the bytes, an error or entries whose pictures lie inside the file, and no panic.
func FuzzShard(f *testing.F) {
	whole := numberedShard(f, 2, "")
	f.Add(whole)
	f.Add(whole[:1500])
	f.Add(shard(f, member{"a.jpg", "A"}, member{"a.json", `{"text": "a"}`}, member{"a.jpg", "B"}))
	f.Add(shard(f, member{strings.Repeat("long/", 50) + "a.jpg", "A"}))
	f.Add(strings.Repeat("\x00", 1024))
	f.Fuzz(func(t *testing.T, data string) {
		entries, _, err := scan(data)
		if err != nil && entries != nil {
			t.Errorf("entries = %q beside error %v", entries, err)
		}
	})
}
