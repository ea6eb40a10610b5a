package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is a page of the browser in which a notebook is open.
type tab struct {
	page
	ctx    context.Context // of the tab
	within context.Context // with the time that a test gives it
}

// visit opens a notebook and, when its kernel is ready, runs all cells as a reader would.
func visit(t *testing.T, chromium string, p page, address string, limit time.Duration) (*tab, error) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WindowSize(1300, 3400))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // opens the browser, which is to outlive the limit
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, limit)
	t.Cleanup(cancel)
	v := &tab{p, ctx, within}
	err := chromedp.Do(within, chromedp.Navigate(address+"?token="+token))
	if err == nil {
		err = v.await(p.ready)
	}
	for _, item := range p.menu {
		if err == nil {
			err = v.press(item)
		}
	}
	return v, err
}

// await waits until an expression is true. What a cell says on standard error ends the waiting.
func (v *tab) await(expression string) error {
	said := fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.innerText).join("\n")`, v.faults)
	for {
		done, err := chromedp.Run(v.within, chromedp.Evaluate[bool](expression))
		if done || err != nil {
			return err
		}
		if faults, err := chromedp.Run(v.within, chromedp.Evaluate[string](said)); err != nil || faults != "" {
			return fmt.Errorf("a cell said %q (error %v)", faults, err)
		}
		if v.dialog != "" {
			if at, err := v.find(v.within, v.dialog); err == nil && len(at) == 2 {
				if err := v.press(v.dialog); err != nil {
					return err
				}
			}
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// shown is an expression that tells whether so many pictures are drawn.
func shown(selector string, pictures int) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].filter(i => i.complete && i.naturalWidth > 0).length >= %d`, selector, pictures)
}

// screenshot is kept where somebody wants to look at it.
func (v *tab) screenshot(t *testing.T, name string) {
	t.Helper()
	late, stop := context.WithTimeout(v.ctx, time.Minute)
	defer stop()
	time.Sleep(time.Second) // what was drawn last is still being laid out
	png, err := chromedp.Run(late, chromedp.CaptureScreenshot())
	if err != nil {
		t.Errorf("screenshot: %v", err)
		return
	}
	dir := os.Getenv(screenshotsEnv)
	if dir == "" {
		return
	}
	path := filepath.Join(dir, name+".png")
	if err := os.WriteFile(path, png, 0o666); err != nil {
		t.Error(err)
	}
	t.Log("screenshot:", path)
}

// find is the middle of what an XPath finds; empty where that is not there.
func (v *tab) find(ctx context.Context, xpath string) ([]float64, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`(() => {
		const e = document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue;
		const r = e ? e.getBoundingClientRect() : {width: 0};
		return r.width > 0 ? [r.left + r.width / 2, r.top + r.height / 2] : [];
	})()`, xpath)))
}

// press moves the mouse to what an XPath finds, once it is there, and clicks: menus want the movement too.
func (v *tab) press(xpath string) error {
	within, cancel := context.WithTimeout(v.within, time.Minute)
	defer cancel()
	for {
		at, err := v.find(within, xpath)
		if err != nil {
			return fmt.Errorf("looking for %s: %w", xpath, err)
		}
		if len(at) == 2 {
			return chromedp.Do(v.within, chromedp.MouseEvent(chromedp.MouseMoved, at[0], at[1]), chromedp.Sleep(300*time.Millisecond), chromedp.MouseClickXY(at[0], at[1]))
		}
		time.Sleep(200 * time.Millisecond)
	}
}
