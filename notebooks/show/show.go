// Package show draws the project's pictures and tables into a notebook.
package show

import (
	"bytes"
	"html"
	"io"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/addlab/addlab/report"
)

// PNG displays what a plot or grid encodes: show.PNG(curves.PNG). PNG shows everywhere, also where a notebook is not trusted.
func PNG(encode func(io.Writer) error) {
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		panic(err)
	}
	gonbui.DisplayPng(b.Bytes())
}

// Pictures displays pictures that are encoded already, one below the other.
func Pictures(pictures ...report.Picture) {
	for _, p := range pictures {
		gonbui.DisplayPng(p.PNG)
	}
}

// Table displays an ablation's table.
func Table(t report.Table) { gonbui.DisplayHtml(page(t)) }

func page(t report.Table) string {
	var b bytes.Buffer
	if err := t.Plain(&b); err != nil {
		panic(err)
	}
	return "<pre>" + html.EscapeString(b.String()) + "</pre>"
}
