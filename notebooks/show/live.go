package show

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// Live is a place in a cell that changes while the cell runs and is empty when it is done: what is to stay is shown after Close.
// In a terminal only lines of progress are printed.
type Live struct {
	id    string
	shown time.Time
	line  string
}

// pace is the least time between two pictures: drawing them must not slow the work down that they show.
const pace = 3 * time.Second

// NewLive opens the place.
func NewLive() *Live { return &Live{id: "live_" + gonbui.UniqueId()} }

// Due tells whether new pictures are worth their time.
func (l *Live) Due() bool { return gonbui.IsNotebook && time.Since(l.shown) >= pace }

// Update replaces what stands there: a line of text above drawings.
func (l *Live) Update(line string, drawings ...Drawing) {
	if !gonbui.IsNotebook {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(line))
	for _, d := range drawings {
		fmt.Fprintf(&b, `<img src="data:image/png;base64,%s" style="max-width:100%%"><br>`+"\n", base64.StdEncoding.EncodeToString(render(d)))
	}
	gonbui.UpdateHtml(l.id, b.String())
	l.shown = time.Now()
}

// Close empties the place.
func (l *Live) Close() {
	if gonbui.IsNotebook && !l.shown.IsZero() {
		gonbui.UpdateHtml(l.id, "")
		gonbui.Sync()
	}
}

var _ io.Writer = (*Live)(nil)

// Write shows the last whole line of a program's progress.
func (l *Live) Write(text []byte) (int, error) {
	if !gonbui.IsNotebook {
		return os.Stdout.Write(text)
	}
	l.line += string(text)
	if whole := strings.LastIndexAny(l.line, "\r\n"); whole >= 0 {
		lines := strings.FieldsFunc(l.line[:whole], func(r rune) bool { return r == '\r' || r == '\n' })
		if len(lines) > 0 {
			l.Update(strings.TrimSpace(lines[len(lines)-1]))
		}
		l.line = l.line[whole+1:]
	}
	return len(text), nil
}
