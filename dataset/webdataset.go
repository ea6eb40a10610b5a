package dataset

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// addShards lists WebDataset shards: tar files whose members share a name up to the first dot (0001.jpg, 0001.txt).
// Names and parts are relative to dir.
func (l *Listing) addShards(shards []string, dir string, skipped tally) error {
	for _, file := range shards {
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.ToSlash(rel), ".tar")
		err = l.addShard(f, name, skipped, func(p place) ([]byte, error) { return readAt(file, p) })
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		l.Shards++
	}
	return nil
}

// place is where the bytes of a member lie in the shard.
type place struct{ offset, size int64 }

// shardSample gathers the members of one key.
type shardSample struct {
	ext       string // of the picture; "" without one
	picture   place
	txt, json string
	wrong     error // with its caption
	cls       bool
	members   map[string]int // by extension
}

// tarFile is a shard of which members are read while it is walked.
type tarFile interface {
	io.ReadSeeker
	io.ReaderAt
}

// addShard walks one shard, reads its captions and remembers where its pictures lie; read gives those bytes later.
func (l *Listing) addShard(in tarFile, shard string, skipped tally, read func(place) ([]byte, error)) error {
	places, samples := map[string]place{}, map[string]*shardSample{}
	var keys []string
	for n, t := 0, tar.NewReader(in); ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return shardError(in, n, err)
		}
		if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name := path.Clean(h.Name)
		where, wrong := memberPlace(in, h, places)
		if wrong == nil {
			places[name] = where
		}
		key, ext, unread := splitMember(name)
		switch {
		case unread != "":
			skipped.add(unread, shard+"/"+name)
			continue
		case wrong != nil:
			l.Faults = append(l.Faults, Fault{shard + "/" + name, Broken, wrong})
			continue
		}
		s := samples[key]
		if s == nil {
			s = &shardSample{members: map[string]int{}}
			samples[key] = s
			keys = append(keys, key)
		}
		if s.members[ext]++; s.members[ext] > 1 {
			continue
		}
		if err := s.add(in, key, ext, where, shard, skipped); err != nil {
			return err
		}
	}
	for _, key := range keys {
		s, name := samples[key], shard+"/"+key
		for range slices.Max(slices.Collect(maps.Values(s.members))) - 1 {
			l.Faults = append(l.Faults, Fault{name, "repeated", errors.New("another sample of this name in the shard")})
		}
		if s.ext == "" {
			l.Faults = append(l.Faults, Fault{name, "without picture", fmt.Errorf("want one of %s", strings.Join(pictureExts, ", "))})
			continue
		}
		p := Listed{Name: name, Part: shard, Read: func() ([]byte, error) { return read(s.picture) }}
		switch caption := cmp.Or(s.txt, s.json); {
		case caption != "":
			p.Captions = []string{caption}
		case s.wrong != nil:
			p.Uncaptioned = fmt.Errorf("%w, %v", s.wrong, ErrNoCaption)
		case s.cls:
			p.Uncaptioned = fmt.Errorf("has a class number (.cls) and no caption, %w", ErrNoCaption)
		default:
			p.Uncaptioned = ErrNoCaption
		}
		l.Pictures = append(l.Pictures, p)
	}
	return checkEnd(in)
}

// ErrNoCaption says that a sample of a shard has no caption at all.
var ErrNoCaption = errors.New(`want .txt, or .json with "caption" or "text"`)

// memberPlace is where the member that was just reached lies. Links are what they lead to within the shard.
func memberPlace(in io.Seeker, h *tar.Header, places map[string]place) (place, error) {
	target := path.Clean(h.Linkname)
	switch h.Typeflag {
	case tar.TypeSymlink, tar.TypeLink:
		if h.Typeflag == tar.TypeSymlink {
			target = path.Join(path.Dir(path.Clean(h.Name)), h.Linkname)
		}
		where, ok := places[target]
		if !ok {
			return where, fmt.Errorf("link to %s, want a member before it in the shard", h.Linkname)
		}
		return where, nil
	case tar.TypeReg, tar.TypeCont:
		if h.PAXRecords["GNU.sparse.major"] == "" && h.PAXRecords["GNU.sparse.map"] == "" {
			offset, err := in.Seek(0, io.SeekCurrent)
			return place{offset, h.Size}, err
		}
	}
	return place{}, errors.New("sparse or special member, want a plain file")
}

// add takes one member into its sample.
func (s *shardSample) add(in io.ReaderAt, key, ext string, where place, shard string, skipped tally) error {
	name := shard + "/" + key + "." + ext
	rank := slices.Index(pictureExts, ext)
	switch {
	case rank >= 0 && s.ext == "":
		s.ext, s.picture = ext, where
	case rank >= 0:
		if rank < slices.Index(pictureExts, s.ext) {
			name, s.ext, s.picture = shard+"/"+key+"."+s.ext, ext, where
		}
		skipped.add("pictures of samples that hold another are not read", name)
	case ext == "cls":
		s.cls = true
	case where.size > maxCaptionBytes:
		s.wrong = fmt.Errorf(".%s = %d bytes, want ≤ %d", ext, where.size, maxCaptionBytes)
	default:
		data := make([]byte, where.size)
		if _, err := in.ReadAt(data, where.offset); err != nil {
			return err
		}
		var err error
		if ext == "txt" {
			s.txt, err = skipped.caption(data, name)
		} else if data, err = sidecar(data); err == nil {
			s.json, err = skipped.caption(data, name)
		}
		if err != nil {
			s.wrong = fmt.Errorf(".%s: %w", ext, err)
		}
	}
	return nil
}

// splitMember gives the sample and the extension that a member stands for, as WebDataset does: cut at the first dot of the
// last path element. For members that are no part of a sample it gives the reason.
func splitMember(name string) (key, ext, why string) {
	dir, base := path.Split(name)
	stem, ext, _ := strings.Cut(base, ".")
	ext = strings.ToLower(ext)
	switch {
	case stem == "":
		return "", "", "hidden members are not read"
	case slices.Contains(pictureExts, strings.ToLower(strings.TrimPrefix(path.Ext(base), "."))) && strings.Contains(ext, "."):
		return "", "", "pictures with a second dot in their names are not read, for a sample's name ends at the first"
	case strings.HasPrefix(base, "__"):
		return "", "", "members named __* are not read"
	case !slices.Contains(pictureExts, ext) && ext != "txt" && ext != "json" && ext != "cls":
		return "", "", unread("members", ext)
	}
	return dir + stem, ext, ""
}

func sidecar(data []byte) ([]byte, error) {
	data, err := unmarked(data)
	if err != nil {
		return nil, err
	}
	keys, err := fields(bytes.TrimSpace(data))
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"caption", "text"} {
		if s, err := text(keys, key); err == nil && strings.TrimSpace(s) != "" {
			return []byte(s), nil
		}
	}
	return nil, nil
}

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

// checkEnd wants the block before the current position to be zero, as at the end of a whole tar file, and nothing else behind it.
// Without this check a shard cut between two members would only look shorter, and of two shards in one file the second would vanish.
func checkEnd(r io.ReadSeeker) error {
	block := make([]byte, 512)
	if _, err := r.Seek(-int64(len(block)), io.SeekCurrent); err != nil {
		return errors.New("no end mark: the tar file is cut off")
	}
	for first := true; ; first = false {
		n, err := io.ReadFull(r, block)
		switch zero := len(bytes.Trim(block[:n], "\x00")) == 0; {
		case first && !(zero && err == nil):
			return errors.New("no end mark: the tar file is cut off")
		case !zero:
			return errors.New("bytes follow the end mark, want one tar file, not several in one")
		case err != nil:
			return nil
		}
	}
}

func readAt(file string, p place) ([]byte, error) {
	if p.size > maxFileBytes {
		return nil, fmt.Errorf("picture = %d bytes, want ≤ %d", p.size, maxFileBytes)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, p.size)
	_, err = f.ReadAt(data, p.offset)
	return data, err
}
