package dataset

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const maxCaptionBytes = 1 << 20

// pictureExts are the extensions that hold a sample's picture; where there are several the first of this list counts.
var pictureExts = []string{"jpg", "jpeg", "png", "webp", "gif", "bmp"}

// listShards lists WebDataset shards: tar files whose members share a name up to the first dot (0001.jpg, 0001.txt).
// Names and parts are relative to dir, with within before them.
// Pictures without a caption are faults, unless bare ones are wanted too.
func listShards(shards []string, dir, within string, bare bool) (listing, error) {
	var all listing
	for _, file := range shards {
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return listing{}, fmt.Errorf("dataset: %w", err)
		}
		name := path.Join(within, strings.TrimSuffix(filepath.ToSlash(rel), ".tar"))
		f, err := os.Open(file)
		if err != nil {
			return listing{}, fmt.Errorf("dataset: %w", err)
		}
		l, err := listShard(f, name, bare, func(offset, n int64) ([]byte, error) { return readAt(file, offset, n) })
		f.Close()
		if err != nil {
			return listing{}, fmt.Errorf("dataset: %s: %w", file, err)
		}
		all.entries = append(all.entries, l.entries...)
		all.faults = append(all.faults, l.faults...)
	}
	return all, nil
}

// shardSample gathers the members of one key.
type shardSample struct {
	ext          string // of the picture; "" without one
	offset, size int64
	txt, json    string
	jsonErr      error
	cls          bool
}

// listShard walks one shard, reads its captions and remembers where its pictures lie; read gives those bytes later.
func listShard(r io.ReadSeeker, shard string, bare bool, read func(offset, n int64) ([]byte, error)) (listing, error) {
	var l listing
	samples := map[string]*shardSample{}
	var keys []string
	seen := map[string]bool{}
	for members, t := 0, tar.NewReader(r); ; members++ {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return listing{}, shardError(r, members, err)
		}
		key, ext := splitMember(h)
		if ext == "" {
			continue
		}
		if seen[key+"."+ext] {
			l.faults = append(l.faults, fault{shard + "/" + key + "." + ext, "repeated", errors.New("second of this name in the shard")})
			continue
		}
		seen[key+"."+ext] = true
		s := samples[key]
		if s == nil {
			s = &shardSample{}
			samples[key] = s
			keys = append(keys, key)
		}
		switch rank := slices.Index(pictureExts, ext); {
		case rank >= 0 && (s.ext == "" || rank < slices.Index(pictureExts, s.ext)):
			s.ext, s.size = ext, h.Size
			if s.offset, err = r.Seek(0, io.SeekCurrent); err != nil {
				return listing{}, err
			}
		case ext == "cls":
			s.cls = true
		case (ext == "txt" || ext == "json") && h.Size <= maxCaptionBytes:
			text, err := io.ReadAll(t)
			if err != nil {
				return listing{}, shardError(r, members, err)
			}
			if ext == "txt" {
				s.txt = cleanCaption(string(text))
			} else {
				s.json, s.jsonErr = captionOf(text)
			}
		}
	}
	if !endsMarked(r) {
		return listing{}, errors.New("no end mark: the tar file is cut off")
	}

	var classOnly error
	for _, key := range keys {
		s, name := samples[key], shard+"/"+key
		caption := s.txt
		if caption == "" {
			caption = s.json
		}
		switch {
		case s.ext == "":
			l.faults = append(l.faults, fault{name, "without picture", fmt.Errorf("want one of %s", strings.Join(pictureExts, ", "))})
		case caption == "" && !bare:
			want := errors.New(`want .txt, or .json with "caption" or "text"`)
			if s.jsonErr != nil {
				want = fmt.Errorf(".json: %w, %w", s.jsonErr, want)
			}
			if s.cls && classOnly == nil {
				classOnly = fmt.Errorf("sample %s has a class number (.cls) and no caption, %w", key, want)
			}
			l.faults = append(l.faults, fault{name, "without caption", want})
		default:
			l.entries = append(l.entries, entry{name, shard, caption, func() ([]byte, error) { return read(s.offset, s.size) }})
		}
	}
	if classOnly != nil && len(l.entries) == 0 {
		return listing{}, classOnly
	}
	return l, nil
}

// splitMember gives the sample and the extension that a member stands for, as WebDataset does: cut at the first dot of the
// last path element. Members that are no part of a sample have no extension.
func splitMember(h *tar.Header) (key, ext string) {
	dir, base := path.Split(path.Clean(h.Name))
	stem, ext, _ := strings.Cut(base, ".")
	ext = strings.ToLower(ext)
	known := slices.Contains(pictureExts, ext) || ext == "txt" || ext == "json" || ext == "cls"
	if h.Typeflag != tar.TypeReg || stem == "" || strings.HasPrefix(base, "__") || !known {
		return "", ""
	}
	return dir + stem, ext
}

func captionOf(data []byte) (string, error) {
	type sidecar struct{ Caption, Text any }
	var meta sidecar
	if err := json.Unmarshal(data, &meta); err != nil {
		return "", err
	}
	for _, v := range []any{meta.Caption, meta.Text} {
		if s, ok := v.(string); ok && strings.TrimSpace(s) != "" {
			return cleanCaption(s), nil
		}
	}
	return "", nil
}

func cleanCaption(s string) string { return strings.TrimSpace(strings.ToValidUTF8(s, "\ufffd")) }

func shardError(r io.ReadSeeker, members int, err error) error {
	magic := make([]byte, 2)
	if _, err := r.Seek(0, io.SeekStart); err == nil {
		io.ReadFull(r, magic)
	}
	if magic[0] == 0x1f && magic[1] == 0x8b {
		return errors.New("compressed with gzip, want a plain tar file")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the tar file is cut off after %d members: %w", members, err)
	}
	return fmt.Errorf("not a tar file, or damaged after %d members: %w", members, err)
}

// endsMarked reports whether the block before the current position is zero, as at the end of a whole tar file.
// Without this check a shard cut between two members would only look shorter.
func endsMarked(r io.ReadSeeker) bool {
	last := make([]byte, 512)
	if _, err := r.Seek(-int64(len(last)), io.SeekCurrent); err != nil {
		return false
	}
	_, err := io.ReadFull(r, last)
	return err == nil && len(bytes.Trim(last, "\x00")) == 0
}

func readAt(file string, offset, n int64) ([]byte, error) {
	if n > maxFileBytes {
		return nil, fmt.Errorf("picture = %d bytes, want ≤ %d", n, maxFileBytes)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, n)
	_, err = f.ReadAt(data, offset)
	return data, err
}

const maxShards = 100_000

// expandPattern lists the shards of a pattern with braces ({00..12}, {a,b}) or globs (*, ?, […]), and the folder before
// the first of them, which names are relative to.
func expandPattern(spec string) (shards []string, dir string, err error) {
	braced, err := expandBraces(spec)
	if err != nil {
		return nil, "", err
	}
	for _, file := range braced {
		matches := []string{file}
		if strings.ContainsAny(file, "*?[") {
			if matches, err = filepath.Glob(file); err != nil {
				return nil, "", err
			}
		}
		matches = slices.DeleteFunc(matches, func(m string) bool { return !strings.HasSuffix(m, ".tar") })
		if len(matches) == 0 {
			return nil, "", fmt.Errorf("%s matches no shard *.tar", file)
		}
		shards = append(shards, matches...)
	}
	slices.Sort(shards)
	return slices.Compact(shards), filepath.Dir(spec[:strings.IndexAny(spec, "*?[{")] + "x"), nil
}

// expandBraces replaces each {a,b} by its words and each {08..10} by its numbers, as shells do.
func expandBraces(s string) ([]string, error) {
	before, rest, ok := strings.Cut(s, "{")
	if !ok {
		return []string{s}, nil
	}
	inner, after, ok := strings.Cut(rest, "}")
	if !ok || strings.Contains(inner, "{") {
		return nil, errors.New("braces = unbalanced or nested, want {00..12} or {a,b}")
	}
	words := strings.Split(inner, ",")
	if low, high, ok := strings.Cut(inner, ".."); ok {
		a, errA := strconv.ParseUint(low, 10, 32)
		b, errB := strconv.ParseUint(high, 10, 32)
		if errA != nil || errB != nil || a > b || b-a >= maxShards {
			return nil, fmt.Errorf("braces = {%s}, want a range {00..12} of at most %d shards", inner, maxShards)
		}
		words = nil
		for ; a <= b; a++ {
			words = append(words, fmt.Sprintf("%0*d", len(low), a))
		}
	}
	tails, err := expandBraces(after)
	if err != nil {
		return nil, err
	}
	if len(words)*len(tails) > maxShards {
		return nil, fmt.Errorf("braces = %d shards, want ≤ %d", len(words)*len(tails), maxShards)
	}
	var all []string
	for _, word := range words {
		for _, tail := range tails {
			all = append(all, before+word+tail)
		}
	}
	return all, nil
}
