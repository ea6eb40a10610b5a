package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/addlab/addlab/internal/smallpng"
)

// Page is one static HTML file with tables and pictures inside: it opens without a network and reads on a phone.
type Page struct {
	Title    string
	Lead     string
	Apart    []Folder  // with tables that do not mix with these
	Pictures []Picture // above all tables
	Sections []Section
}

// Folder holds tables that have a page of their own. Page and Claims lead there and to its claims.md from beside this page; "" where there
// is none. Verdicts of its Tables are told beside those of the page, where both are of one scale.
type Folder struct {
	Name, Page, Claims string
	Tables             []Table
}

// Section is a table with the pictures that belong to it.
type Section struct {
	From     string // folder that it was read from
	Table    Table
	Times    Times  // zero where none are known
	Warning  string // why the table must not be compared with the others; its claims are not listed among theirs
	Pictures []Picture
}

// Picture is a PNG and what it shows.
type Picture struct {
	Caption string
	PNG     []byte
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"inline": inline}).Parse(pageText))

// inline gives a picture as a data URL, in as few bytes as the eye allows: a page holds dozens.
func inline(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(smallpng.Shrink(png)))
}

// HTML writes the page.
func (p Page) HTML(w io.Writer) error {
	view := pageView{Title: p.Title, Lead: p.Lead, Apart: p.Apart, Pictures: p.Pictures, Claims: p.claims()}
	view.Elsewhere = elsewhere(view.Claims)
	for i, s := range p.Sections {
		view.Sections = append(view.Sections, s.view(sectionID(i)))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, view); err != nil {
		return fmt.Errorf("report: page: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// view lays a section out.
func (s Section) view(id string) sectionView {
	t := s.Table
	v := sectionView{
		ID: id, Heading: t.heading(), Subtitle: t.subtitle(), Question: oneLine(t.Question), From: s.From,
		Warning: s.Warning, Notes: t.Notes, Legend: t.legend(), Provenance: t.provenance(), Pictures: s.Pictures,
	}
	v.Blocks = append(v.Blocks, block(t.columns("cell", t.Rows), t.Rows))
	if len(t.References) > 0 {
		v.Blocks = append(v.Blocks, block(t.columns("reference", t.References), t.References))
	}
	rows := t.all()
	if cols := t.further("", rows, s.Times); len(cols) > 1 {
		v.Further = append(v.Further, block(cols, rows))
		v.FurtherLegend = furtherLegend(rows)
	}
	return v
}

type pageView struct {
	Title, Lead string
	Apart       []Folder
	Pictures    []Picture
	Claims      []claimView
	Elsewhere   bool // some claims were also judged in other folders
	Sections    []sectionView
}

type sectionView struct {
	ID, Heading, Subtitle, Question, From, Provenance, Warning string
	Blocks, Further                                            []blockView
	Notes, Legend                                              []string
	FurtherLegend                                              string
	Pictures                                                   []Picture
}

type blockView struct {
	Head []cellView
	Rows []rowView
}

type rowView struct {
	Default bool
	Cells   []cellView
}

type cellView struct {
	Text    string
	Numeric bool
}

// block lays rows out as the other forms of the table do.
func block(columns []column, rows []Row) (b blockView) {
	for _, r := range rows {
		b.Rows = append(b.Rows, rowView{Default: r.Default})
	}
	for _, c := range columns {
		b.Head = append(b.Head, cellView{c.heading(), c.numeric})
		for i, r := range rows {
			head, tail := c.cell(r)
			b.Rows[i].Cells = append(b.Rows[i].Cells, cellView{head + tail, c.numeric})
		}
	}
	return b
}
