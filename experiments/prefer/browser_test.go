package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// A voter answers all pairs, by keys alone, with the mouse, or on a telephone; the file holds what was meant.
func TestVotingInABrowser(t *testing.T) {
	press := func(key string) func(b *tab) { return func(b *tab) { b.do(chromedp.KeyEvent(key)) } }
	click := func(id string) func(b *tab) { return func(b *tab) { b.click(id) } }
	desktop := chromedp.EmulateViewport(1280, 800)
	phone := chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(3), chromedp.EmulateMobile)
	for _, c := range []struct {
		name   string
		size   chromedp.Action[chromedp.Void]
		answer map[string]func(*tab)
		begin  func(*tab)
		back   func(*tab)
	}{
		{"keys", desktop, map[string]func(*tab){left: press(kb.ArrowLeft), right: press(kb.ArrowRight), none: press(kb.ArrowDown)}, press(kb.Enter), press(kb.Backspace)},
		{"digits", desktop, map[string]func(*tab){left: press("1"), right: press("2"), none: press("0")}, press(kb.Enter), press(kb.Backspace)},
		{"mouse", desktop, map[string]func(*tab){left: click("left"), right: click("right"), none: click("none")}, click("begin"), click("back")},
		{"phone", phone, map[string]func(*tab){left: click("pick-left"), right: click("pick-right"), none: click("none")}, click("begin"), click("back")},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv, address, path := served(t, scenesStudy(t))
			b := browse(t, address, c.size)
			b.awaitText("start", "Which picture?")
			b.screenshot("start")
			b.do(chromedp.KeyEvent("ann"))
			c.begin(b)

			// Prefers the first method by looks, the caption's other side where neither is it, and now and then cannot say.
			order := ordered(t, srv.study, "ann")
			var want [][2]string
			for n, p := range order {
				looks, fits := right, left
				if p.left.name == "first" || p.intact == left {
					looks, fits = left, right
				}
				if p.attention != "" {
					fits = looks
				} else if n%4 == 1 {
					fits = none
				}
				b.awaitText("count", fmt.Sprintf("%d of %d", n+1, len(order)))
				b.awaitText("question", "1. Which picture looks better?")
				if text := value[string](b, `document.body.innerText`); strings.Contains(text, p.caption) {
					t.Errorf("pair %d shows its caption before the second question", n)
				}
				b.checkLayout(32)
				if n == 0 {
					b.screenshot("looks")
				}
				if n == 2 { // a slip, taken back
					c.answer[map[string]string{left: right, right: left}[looks]](b)
					b.awaitText("question", "2.")
					c.back(b)
					b.awaitText("question", "1.")
				}
				c.answer[looks](b)
				b.awaitText("question", "2. Which picture fits the caption better?")
				b.awaitText("caption", "“"+p.caption+"”")
				b.checkLayout(32)
				if n == 0 || p.attention != "" {
					b.screenshot(fmt.Sprintf("fits-%d", n))
				}
				c.answer[fits](b)
				want = append(want, [2]string{looks, fits})
			}
			b.awaitText("end", "Thank you!")
			b.screenshot("end")

			votes, notes, err := readVotes(path)
			if err != nil || len(notes) > 0 {
				t.Fatal(err, notes)
			}
			var got [][2]string
			for _, v := range votes {
				got = append(got, [2]string{v.Looks, v.Fits})
				if v.failed() || v.Seconds <= 0 || v.Seconds > 300 {
					t.Errorf("vote %+v", v)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("votes (-want +got):\n%s", diff)
			}
		})
	}
}

// Who reloads the page goes on under the same name; a vote that the server refuses stays open and says so; another voter begins anew.
func TestPageAfterInterruptions(t *testing.T) {
	srv, address, path := served(t, scenesStudy(t))
	b := browse(t, address, chromedp.EmulateViewport(1280, 800))
	b.awaitText("start", "Which picture?")
	b.do(chromedp.KeyEvent(kb.Enter)) // without a name
	b.do(chromedp.KeyEvent("ann"), chromedp.KeyEvent(kb.Enter))
	b.awaitText("count", "1 of ")
	b.do(chromedp.KeyEvent(kb.ArrowLeft))
	b.awaitText("question", "2.")
	writable := srv.file.file
	srv.mu.Lock()
	readonly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	srv.file.file = readonly
	srv.mu.Unlock()
	b.do(chromedp.KeyEvent(kb.ArrowLeft))
	b.awaitText("fault", "the vote is not on the disk")
	b.awaitText("question", "2.")
	b.screenshot("fault")
	srv.mu.Lock()
	srv.file.file = writable
	readonly.Close()
	srv.mu.Unlock()
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.awaitText("count", "2 of ")
	b.await(`document.getElementById("fault").hidden`)

	b.do(chromedp.Reload())
	b.awaitText("begin", "Go on as ann")
	b.screenshot("again")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.awaitText("count", "2 of ")
	b.do(chromedp.Reload())
	b.awaitText("begin", "Go on as ann")
	b.click("other")
	b.do(chromedp.KeyEvent("bob"), chromedp.KeyEvent(kb.Enter))
	b.awaitText("count", "1 of ")
	votes, _, err := readVotes(path)
	if err != nil || len(votes) != 1 || votes[0].Looks != left || votes[0].Fits != right {
		t.Errorf("%+v, %v, want one vote", votes, err)
	}

	// Captions and names are texts, whatever is in them.
	b.do(chromedp.Reload())
	b.awaitText("begin", "Go on as bob")
	b.click("other")
	b.do(chromedp.KeyEvent("<b>&"), chromedp.KeyEvent(kb.Enter))
	b.awaitText("count", "1 of ")
	if src, err := url.QueryUnescape(value[string](b, `document.getElementById("left-picture").src`)); err != nil || !strings.Contains(src, "voter=<b>&") {
		t.Errorf("picture = %s, %v", src, err)
	}
}

// A study without "cannot say" has neither its button nor its key.
func TestForcedChoiceInABrowser(t *testing.T) {
	s := scenesStudy(t)
	s.forced = true
	_, address, path := served(t, s)
	b := browse(t, address, chromedp.EmulateViewport(1280, 800))
	b.awaitText("start", "Which picture?")
	b.do(chromedp.KeyEvent("ann"), chromedp.KeyEvent(kb.Enter))
	b.awaitText("question", "1.")
	if value[bool](b, `document.getElementById("none").offsetParent !== null`) {
		t.Error("the button is there")
	}
	b.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent("0"), chromedp.KeyEvent(kb.ArrowRight))
	b.awaitText("question", "2.")
	b.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowRight))
	b.awaitText("count", "2 of ")
	if votes, _, err := readVotes(path); err != nil || len(votes) != 1 || votes[0].Looks != right || votes[0].Fits != right {
		t.Errorf("%+v, %v, want one vote for the right", votes, err)
	}
}
