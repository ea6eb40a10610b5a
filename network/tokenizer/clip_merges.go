package tokenizer

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// clipFiles are the names of CLIP's vocabulary: transformers' and OpenAI's.
var clipFiles = []string{"merges.txt", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"}

// FindCLIP reads CLIP's vocabulary from a folder, usually that of the weights.
func FindCLIP(dir string) (*CLIP, error) {
	for _, name := range clipFiles {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			return ReadCLIP(file)
		}
	}
	return nil, fmt.Errorf("tokenizer: no vocabulary of CLIP in %s, want %s", dir, strings.Join(clipFiles, " or "))
}

// ReadCLIP reads CLIP's merges, packed by gzip or not: a first line about the version, then one pair of pieces a line.
func ReadCLIP(file string) (*CLIP, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("tokenizer: %s: %w", file, err)
		}
		r = z
	}
	merges, err := readMerges(r)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", file, err)
	}
	return newCLIP(merges), nil
}

func readMerges(r io.Reader) ([][2]string, error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() || !strings.Contains(lines.Text(), "#version") {
		return nil, fmt.Errorf("first line = %.40q, want #version (not CLIP's merges?)", lines.Text())
	}
	merges := make([][2]string, 0, clipMerges)
	for len(merges) < clipMerges && lines.Scan() {
		a, b, ok := strings.Cut(lines.Text(), " ")
		if !ok || a == "" || b == "" || strings.Contains(b, " ") {
			return nil, fmt.Errorf("line %d = %.40q, want two pieces", len(merges)+2, lines.Text())
		}
		merges = append(merges, [2]string{a, b})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(merges) < clipMerges {
		return nil, fmt.Errorf("%d merges, want %d (cut short, or of another model?)", len(merges), clipMerges)
	}
	return merges, nil
}
