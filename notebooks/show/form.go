package show

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	texttemplate "text/template"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/comms"
	"github.com/janpfeifer/gonb/gonbui/dom"
)

// Form is a text box, a slider and two buttons in a cell: draw and done.
type Form struct {
	Text, TextLabel   string // what stands in the box at first
	Number, Most      int    // of the slider, which begins at 1
	NumberLabel, Note string
}

// Order is what a reader has asked for.
type Order struct {
	Sent   int    `json:"sent"` // counts orders
	Done   bool   `json:"done"` // the cell is to end
	Text   string `json:"text"`
	Number int    `json:"number"`
}

//go:embed form.js
var formScript string

var (
	formScriptTemplate = texttemplate.Must(texttemplate.New("form.js").Parse(formScript))
	formTemplate       = template.Must(template.New("form").Parse(`<div id="{{.ID}}">
<label>{{.TextLabel}} <input type="text" name="text" size="60" value="{{.Text}}"></label><br>
<label>{{.NumberLabel}} <input type="range" name="number" min="1" max="{{.Most}}" value="{{.Number}}"> <output>{{.Number}}</output></label>
<button type="button" name="draw">Draw</button> <button type="button" name="done">Done</button> <small>{{.Note}}</small>
</div>
`))
)

// answer is how long a browser may take to connect the form.
const answer = 30 * time.Second

var errNobody = errors.New("no browser answers: this cell is for readers at a notebook, want one opened by `make lab`")

// Serve shows the form and calls do for the latest order, the first one at once, until the reader presses Done or the context ends.
func (f Form) Serve(ctx context.Context, do func(Order) error) error {
	if !gonbui.IsNotebook {
		return errNobody
	}
	view := struct {
		Form
		ID, Address string
	}{f, "form_" + gonbui.UniqueId(), "/form/" + gonbui.UniqueId()}
	orders := comms.Listen[string](view.Address).LatestOnly()
	defer orders.Close()
	var body, script bytes.Buffer
	if err := errors.Join(formTemplate.Execute(&body, view), formScriptTemplate.Execute(&script, view)); err != nil {
		return err
	}
	gonbui.DisplayHtml(body.String())
	dom.TransientJavascript(script.String())

	patience := time.After(answer)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-patience:
			return errNobody
		case text := <-orders.C:
			order, err := readOrder(text, f.Most)
			switch {
			case err != nil:
				return err
			case order.Sent == 0: // the connection's own first value
				continue
			case order.Done:
				return nil
			}
			patience = nil
			if err := do(order); err != nil {
				return err
			}
		}
	}
}

func readOrder(text string, most int) (o Order, err error) {
	if text == "" {
		return o, nil
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return o, fmt.Errorf("show: order = %q: %w", text, err)
	}
	if o.Number < 1 || o.Number > most {
		return o, fmt.Errorf("show: number = %d, want 1 to %d", o.Number, most)
	}
	return o, nil
}
