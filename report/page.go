package report

import (
	"bytes"
	"embed"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/internal/smallpng"
)

// Page is one static HTML file with tables and pictures inside: it opens without a network and reads on a phone.
type Page struct {
	Title    string
	Findings []string  // sentences of what came out, at the top
	Samples  Picture   // below them
	Apart    []Folder  // with tables that do not mix with these
	Pictures []Picture // of all tables
	Sections []Section
	Files    []string // beside the page, to link
}

// Folder holds tables that have a page of their own. Page and Claims lead there and to its claims.md from beside this page; "" where there
// is none. Verdicts of its Tables stand beside those of the page, where both are of one scale.
type Folder struct {
	Name, Page, Claims string
	Tables             []Table
}

// Section is a table with the pictures that belong to it.
type Section struct {
	From     string // folder that it was read from
	Table    Table
	Times    Table     // of its rows; none where they are not known
	Warning  string    // why the table must not be compared with the others; its claims are not listed among theirs
	Figure   Picture   // the table's plot
	Samples  Picture   // without PNG where there are none
	Pictures []Picture // folded out
}

// Picture is a PNG and what it shows.
type Picture struct {
	Caption string
	PNG     []byte
}

// NewPicture draws a picture.
func NewPicture(caption string, drawing interface{ PNG(io.Writer) error }) (Picture, error) {
	var png bytes.Buffer
	err := drawing.PNG(&png)
	return Picture{caption, png.Bytes()}, err
}

//go:embed page.html fragment.html
var htmlFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"inline": inline}).ParseFS(htmlFiles, "*.html"))

// HTML writes t as a piece of HTML without style sheet or class, as notebooks and code hosts let it through: question, cells,
// references, verdicts.
func (t Table) HTML(w io.Writer) error {
	return templates.ExecuteTemplate(w, "fragment.html", (Section{Table: t}).view(""))
}

// HTML writes the page.
func (p Page) HTML(w io.Writer) error {
	view := pageView{Page: p, Claims: p.claims(), Counts: p.counts(), ClaimsLegend: claimsLegend}
	for i, s := range p.Sections {
		view.Views = append(view.Views, s.view(sectionID(i)))
	}
	return templates.ExecuteTemplate(w, "page.html", view)
}

// inline gives a picture as a data URL, in as few bytes as the eye allows: a page holds dozens.
func inline(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(smallpng.Shrink(png)))
}

func (s Section) view(id string) sectionView {
	t := s.Table
	v := sectionView{
		Section: s, ID: id, Heading: t.heading(), Subtitle: t.subtitle(), Question: fold.OneLine(t.Question), Notes: t.Notes, Legend: t.legend(), Provenance: t.provenance(),
	}
	if id == "" { // the page has a list of claims of its own
		v.Notes = t.remarks()
	}
	v.Blocks = append(v.Blocks, t.block(t.rowNoun(), t.Rows))
	if len(t.References) > 0 {
		v.Blocks = append(v.Blocks, t.block("reference", t.References))
	}
	if more := t.further("", t.all(), s.Times); len(more.Columns) > 1 {
		v.Further, v.FurtherLegend = append(v.Further, more), t.furtherLegend(s.Times)
	}
	return v
}

type pageView struct {
	Page
	Claims               []claimGroup
	Counts, ClaimsLegend string
	Views                []sectionView
}

type sectionView struct {
	Section
	ID, Heading, Subtitle, Question, Provenance string
	Blocks, Further                             []block
	Notes, Legend, FurtherLegend                []string
}
