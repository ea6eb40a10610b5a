package tokenizer

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// clipClean brings a caption into the form that CLIP was trained on, as OpenCLIP does with ftfy: HTML entities are resolved,
// quotes straightened, ligatures and wide letters replaced, control characters removed, letters composed and made small, and
// spaces joined. Text that was decoded wrongly (mojibake) stays as it is, which ftfy would try to guess.
func clipClean(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	for before := ""; before != text; { // ftfy looks again until nothing changes
		before = text
		if !strings.Contains(text, "<") {
			text = html.UnescapeString(text)
		}
		text = escapes.ReplaceAllString(text, "")
		text = norm.NFC.String(strings.Map(drop, plain.Replace(text)))
	}
	text = html.UnescapeString(html.UnescapeString(text))
	return cases.Lower(language.Und).String(strings.Join(strings.Fields(text), " "))
}

// escapes are commands to terminals.
var escapes = regexp.MustCompile(`\x1b\[[\d;]*[a-zA-Z]`)

// drop removes control characters other than space, and marks that only order bytes or annotate.
func drop(r rune) rune {
	switch {
	case r < 0x09, r == 0x0b, r >= 0x0e && r < 0x20, r == 0x7f, r >= 0x206a && r < 0x2070, r == 0xfeff, r >= 0xfff9 && r < 0xfffd:
		return -1
	}
	return r
}

// plain replaces characters that look like others.
var plain = func() *strings.Replacer {
	pairs := []string{
		"\u3000", " ", "Ĳ", "IJ", "ĳ", "ij", "ŉ", "ʼn", "Ǳ", "DZ", "ǲ", "Dz", "ǳ", "dz", "Ǆ", "DŽ", "ǅ", "Dž", "ǆ", "dž",
		"Ǉ", "LJ", "ǈ", "Lj", "ǉ", "lj", "Ǌ", "NJ", "ǋ", "Nj", "ǌ", "nj", "ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "ſt", "ﬆ", "st",
	}
	for _, quote := range "ʼ‘’‚‛" {
		pairs = append(pairs, string(quote), "'")
	}
	for _, quote := range "“”„‟" {
		pairs = append(pairs, string(quote), `"`)
	}
	for r := rune(0xff01); r < 0xfff0; r++ { // full and half width
		if narrow := norm.NFKC.String(string(r)); narrow != string(r) {
			pairs = append(pairs, string(r), narrow)
		}
	}
	// Bytes of Windows-1252 that were taken for control characters.
	for i, r := range []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ") {
		if c := rune(0x80 + i); r != c {
			pairs = append(pairs, string(c), string(r))
		}
	}
	return strings.NewReplacer(pairs...)
}()

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

// readMerges reads all merges that CLIP takes from a file.
func readMerges(r io.Reader) ([][2]string, error) {
	merges, err := readSomeMerges(r, clipMerges)
	if err == nil && len(merges) < clipMerges {
		err = fmt.Errorf("%d merges, want %d (cut short, or of another model?)", len(merges), clipMerges)
	}
	return merges, err
}

// readSomeMerges reads so many merges, or as many as there are.
func readSomeMerges(r io.Reader, limit int) (merges [][2]string, err error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() || !strings.Contains(lines.Text(), "#version") {
		return nil, fmt.Errorf("first line = %.40q, want #version (not CLIP's merges?)", lines.Text())
	}
	for len(merges) < limit && lines.Scan() {
		a, b, ok := strings.Cut(lines.Text(), " ")
		if !ok || a == "" || b == "" || strings.Contains(b, " ") {
			return nil, fmt.Errorf("line %d = %.40q, want two pieces", len(merges)+2, lines.Text())
		}
		merges = append(merges, [2]string{a, b})
	}
	return merges, lines.Err()
}
