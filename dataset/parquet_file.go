package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// openParquet opens a file and reads its footer.
func openParquet(file string) (f *parquet.File, err error) {
	defer caught(&err)
	info, err := os.Stat(file)
	if err != nil {
		return nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	size := info.Size()
	head, tail := make([]byte, min(size, 16)), make([]byte, min(size, 8))
	if _, err := fileAt(file).ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("not a parquet file: %w", withoutPath(err))
	}
	if _, err := fileAt(file).ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, withoutPath(err)
	}
	switch {
	case strings.HasPrefix(string(head), "version https://"):
		return nil, errors.New("a pointer of Git LFS, want the file itself (git lfs pull)")
	case strings.HasPrefix(string(head), "PARE"):
		return nil, errors.New("encrypted, want a plain parquet file")
	case size < 12 || string(head[:4]) != "PAR1":
		return nil, errors.New("not a parquet file")
	case string(tail[4:]) != "PAR1" || int64(binary.LittleEndian.Uint32(tail)) > size-12:
		return nil, errors.New("the parquet file is cut off or damaged: no footer")
	}
	f, err = parquet.OpenFile(fileAt(file), size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return nil, withoutPath(err)
	}
	var rows int64
	for _, g := range f.RowGroups() {
		rows += g.NumRows()
	}
	if rows != f.NumRows() {
		return nil, fmt.Errorf("rows = %d in %d row groups, want %d as the footer says", rows, len(f.RowGroups()), f.NumRows())
	}
	return f, nil
}

// compressed refuses what the library cannot read. Of pages in LZ4 it may give the bytes of others, and no error
// (github.com/parquet-go/parquet-go/issues/608).
func compressed(f *parquet.File, leaf *parquet.Column) error {
	if leaf == nil {
		return nil
	}
	for _, g := range f.Metadata().RowGroups {
		switch codec := g.Columns[leaf.Index()].MetaData.Codec; codec {
		case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd:
		default:
			return fmt.Errorf("column %s is compressed by %s, want snappy, gzip, brotli, zstd or nothing", strings.Join(leaf.Path(), "."), codec)
		}
	}
	return nil
}

// texts gives the strings of every row of a column: none where it is null, several where it is a list.
func texts(f *parquet.File, leaf *parquet.Column) (rows [][]string, err error) {
	err = scanColumn(f, leaf, func(row int, v parquet.Value) {
		if row == len(rows) {
			rows = append(rows, nil)
		}
		if !v.IsNull() {
			rows[row] = append(rows[row], string(v.ByteArray()))
		}
	})
	return rows, err
}

// scanColumn goes over the values of a column, one page in memory at a time. A list has several values in a row.
func scanColumn(f *parquet.File, leaf *parquet.Column, each func(row int, v parquet.Value)) (err error) {
	defer caught(&err)
	row := -1
	for i, g := range f.RowGroups() {
		before := row
		err := scanChunk(g.ColumnChunks()[leaf.Index()], func(v parquet.Value) error {
			if v.RepetitionLevel() == 0 {
				row++
			} else if row == before {
				return errors.New("begins in the middle of a list")
			}
			each(row, v)
			return nil
		})
		if n := int64(row - before); err == nil && n != g.NumRows() {
			err = fmt.Errorf("rows = %d, want %d", n, g.NumRows())
		}
		if err != nil {
			return fmt.Errorf("row group %d: %w", i, err)
		}
	}
	return nil
}

func scanChunk(chunk parquet.ColumnChunk, each func(parquet.Value) error) error {
	pages := chunk.Pages()
	defer pages.Close()
	for {
		p, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		values, err := valuesOf(p)
		if err != nil {
			return err
		}
		for _, v := range values {
			if err := each(v); err != nil {
				return err
			}
		}
		parquet.Release(p)
	}
}

func valuesOf(p parquet.Page) ([]parquet.Value, error) {
	values := make([]parquet.Value, p.NumValues())
	reader := p.Values()
	n := 0
	for n < len(values) {
		k, err := reader.ReadValues(values[n:])
		n += k
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return values[:n], nil
}

// caught makes an error of a panic: the library has some for damaged files.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("damaged: %v", r)
	}
}

// fileAt opens its file for each read, so that a set of many files needs no open ones.
type fileAt string

func (f fileAt) ReadAt(p []byte, offset int64) (int, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return file.ReadAt(p, offset)
}
