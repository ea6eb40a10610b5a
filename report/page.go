package report

import (
	"bytes"
	"embed"
	"encoding/base64"
	"html/template"
	"io"

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
	Calls    Picture   // of axes that have it
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

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"inline": inline, "heading": Table.heading, "subtitle": Table.subtitle, "blocks": Table.blocks, "legend": Table.legend, "remarks": Table.remarks,
	"provenance": Table.provenance, "further": Table.further, "furtherLegend": Table.furtherLegend,
	"withClaims": Page.withClaims, "counts": Page.counts, "relation": Table.relation, "elsewhere": Page.elsewhere, "claimsLegend": func() string { return claimsLegend },
}).ParseFS(htmlFiles, "*.html"))

// HTML writes t as a piece of HTML without style sheet or class, as notebooks and code hosts let it through: question, cells,
// references, verdicts.
func (t Table) HTML(w io.Writer) error { return templates.ExecuteTemplate(w, "fragment.html", t) }

// HTML writes the page.
func (p Page) HTML(w io.Writer) error { return templates.ExecuteTemplate(w, "page.html", p) }

// inline gives a picture as a data URL, in as few bytes as the eye allows: a page holds dozens.
func inline(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(smallpng.Shrink(png)))
}
