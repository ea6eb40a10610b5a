package dataset

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// Pages of pictures stay in memory while their rows are read: at most cachedPages, and at most cachedBytes unless a few need more.
const (
	fewestPages = 2
	cachedPages = 8
	cachedBytes = 128 << 20
)

// pictureRows reads the pictures of one parquet file by row. Rows that are asked for in order are decoded page by page, each once.
type pictureRows struct {
	file   *parquet.File
	column int     // of the leaf
	starts []int64 // first row of each row group, and the number of rows
	cache  *pageCache

	mu    sync.Mutex
	pages parquet.Pages // open at row next; nil if none
	next  int64
}

func newPictureRows(f *parquet.File, leaf *parquet.Column, cache *pageCache) *pictureRows {
	r := &pictureRows{file: f, column: leaf.Index(), starts: []int64{0}, cache: cache}
	for _, g := range f.RowGroups() {
		r.starts = append(r.starts, r.starts[len(r.starts)-1]+g.NumRows())
	}
	return r
}

// read returns the bytes of a row's picture, which are shared and must not be changed.
func (r *pictureRows) read(row int64) ([]byte, error) {
	if data, ok := r.cache.get(r, row); ok {
		return data, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if data, ok := r.cache.get(r, row); ok { // another call has decoded it meanwhile
		return data, nil
	}
	page, err := r.decode(row)
	if err != nil {
		r.pages = nil
		return nil, err
	}
	r.cache.put(page)
	if page.rows[0] == nil {
		return nil, errors.New("no picture (null)")
	}
	return page.rows[0], nil
}

// decode decodes the page that holds a row, from this row on.
func (r *pictureRows) decode(row int64) (page *decodedPage, err error) {
	defer caught(&err)
	if r.pages == nil || r.next != row {
		if err := r.seek(row); err != nil {
			return nil, err
		}
	}
	for {
		p, err := r.pages.ReadPage()
		if err == io.EOF { // of the row group
			if err = r.seek(row); err == nil {
				p, err = r.pages.ReadPage()
			}
		}
		if err == io.EOF {
			err = errors.New("its row group ends before it")
		}
		if err != nil {
			return nil, err
		}
		values, err := valuesOf(p)
		if err != nil {
			return nil, err
		}
		page = &decodedPage{of: r, first: row}
		for _, v := range values {
			page.add(v)
		}
		parquet.Release(p)
		if len(page.rows) > 0 {
			r.next = row + int64(len(page.rows))
			return page, nil
		}
	}
}

// seek opens the row group of a row at this row.
func (r *pictureRows) seek(row int64) error {
	if r.pages != nil {
		r.pages.Close()
		r.pages = nil
	}
	if end := r.starts[len(r.starts)-1]; row < 0 || row >= end {
		return fmt.Errorf("row = %d, want 0 … %d", row, end-1)
	}
	group, exact := slices.BinarySearch(r.starts, row)
	for exact && r.starts[group+1] == row { // a group without rows
		group++
	}
	if !exact {
		group--
	}
	chunk := r.file.RowGroups()[group].ColumnChunks()[r.column]
	inside := row - r.starts[group]
	if inside > 0 { // an index leads to the page without decoding those before it
		if _, err := chunk.OffsetIndex(); err != nil && !errors.Is(err, parquet.ErrMissingOffsetIndex) {
			return err
		}
	}
	r.pages = chunk.Pages()
	if inside == 0 {
		return nil
	}
	return r.pages.SeekToRow(inside)
}

// decodedPage holds the pictures of consecutive rows.
type decodedPage struct {
	of    *pictureRows
	first int64
	rows  [][]byte // nil where there is none
	size  int
}

func (p *decodedPage) add(v parquet.Value) {
	var data []byte
	if !v.IsNull() {
		data = append([]byte{}, v.ByteArray()...) // the page's memory is used again
	}
	p.rows = append(p.rows, data)
	p.size += len(data)
}

// pageCache keeps the pages that were decoded last, of all files of a set.
type pageCache struct {
	mu    sync.Mutex
	pages []*decodedPage // the latest last
}

func (c *pageCache) get(r *pictureRows, row int64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pages {
		if i := row - p.first; p.of == r && i >= 0 && i < int64(len(p.rows)) && p.rows[i] != nil {
			return p.rows[i], true
		}
	}
	return nil, false
}

func (c *pageCache) put(p *decodedPage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages = append(c.pages, p)
	size := 0
	for _, p := range c.pages {
		size += p.size
	}
	for len(c.pages) > fewestPages && (len(c.pages) > cachedPages || size > cachedBytes) {
		size -= c.pages[0].size
		c.pages = slices.Delete(c.pages, 0, 1)
	}
}
