package report

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// Times says how long the rows of a table took. They stand in files of their own: the numbers of a table come out the same on every
// machine and after every interruption, times do not.
type Times struct {
	Axis string    `json:"axis"`
	Rows []TimeRow `json:"rows"`
}

// TimeRow are the times of one row, means over seeds.
type TimeRow struct {
	Name  string   `json:"name"`
	Train Estimate `json:"train_seconds,omitzero"` // of the process that finished the training
	Image Estimate `json:"ms_per_image,omitzero"`  // of sampling, in batches
}

func (t Times) of(name string) TimeRow {
	for _, r := range t.Rows {
		if r.Name == name {
			return r
		}
	}
	return TimeRow{}
}

// JSON writes what ReadTimes reads.
func (t Times) JSON(w io.Writer) error {
	if t.Rows == nil {
		t.Rows = []TimeRow{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

// Markdown writes a table for documents.
func (t Times) Markdown(w io.Writer) error {
	var b strings.Builder
	cells := func(r TimeRow) []string {
		train, trainTail := r.Train.format(0)
		image, imageTail := r.Image.format(2)
		return []string{escapeMarkdown(oneLine(r.Name)), train + trainTail, image + imageTail}
	}
	b.WriteString("| row | training, s | ms per image |\n|---|---:|---:|\n")
	for _, r := range t.Rows {
		if r.Train.Known() || r.Image.Known() {
			b.WriteString("| " + strings.Join(cells(r), " | ") + " |\n")
		}
	}
	b.WriteString("\nSeconds as they passed, on machines that other work may have shared, so that rows do not compare: `speed --sampling` times ways to sample in turn. Those of a training include compiling.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// CSV writes one line per row.
func (t Times) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"axis", "name", "train_seconds", "train_n", "ms_per_image", "ms_per_image_n"})
	for _, r := range t.Rows {
		record := []string{t.Axis, r.Name}
		for _, e := range []Estimate{r.Train, r.Image} {
			if !e.Known() {
				record = append(record, "", "")
				continue
			}
			record = append(record, csvNumber(e.Mean), strconv.Itoa(e.N))
		}
		c.Write(record)
	}
	c.Flush()
	return c.Error()
}
