package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// screenshotsEnv names a folder that keeps the screenshots, for people to look at.
const screenshotsEnv = "ADDLAB_SCREENSHOTS"

// tab is a page of a real browser.
type tab struct {
	*testing.T
	ctx  context.Context
	name string
}

// browse opens a page in Chromium. A test is skipped where there is none.
func browse(t *testing.T, address string, size chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	i := slices.IndexFunc(names, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		t.Skip("no Chromium on the PATH (Debian: apt install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(names[i]), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // opens the browser, which is to outlive the limit
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	b := &tab{t, ctx, strings.ReplaceAll(t.Name(), "/", "-")}
	b.do(size, chromedp.Navigate(address))
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

func value[T any](b *tab, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

// await waits until an expression is true.
func (b *tab) await(expression string) {
	b.Helper()
	for late := time.Now().Add(time.Minute); !value[bool](b, expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(late) {
			b.screenshot("late")
			b.Fatalf("waited a minute for %s; the page says %q", expression, value[string](b, "document.body.innerText"))
		}
	}
}

func (b *tab) awaitText(id, begin string) {
	b.Helper()
	b.await(fmt.Sprintf(`document.getElementById(%q).offsetParent !== null && document.getElementById(%q).innerText.startsWith(%q)`, id, id, begin))
}

func (b *tab) click(id string) {
	b.Helper()
	at := value[[]float64](b, fmt.Sprintf(`(r => [r.left + r.width / 2, r.top + r.height / 2])(document.getElementById(%q).getBoundingClientRect())`, id))
	b.do(chromedp.MouseClickXY(at[0], at[1]))
}

func (b *tab) screenshot(what string) {
	b.Helper()
	dir := os.Getenv(screenshotsEnv)
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, b.name+"-"+what+".png"), png, 0o666)
	}
	if err != nil {
		b.Error(err)
	}
}

// The page fits the window, both pictures have one size, and a pixel of theirs is a square of whole screen pixels.
func (b *tab) checkLayout(natural int) {
	b.Helper()
	got := value[struct {
		Overflow                        bool
		Bottom, Height, Ratio, Smallest float64
		Sizes                           [][]float64
		Rendering, Outside              []string
	}](b, `({
		overflow: document.documentElement.scrollWidth > innerWidth, bottom: document.getElementById("below").getBoundingClientRect().bottom, height: innerHeight, ratio: devicePixelRatio,
		sizes: [...document.querySelectorAll(".side img")].map(i => [i.getBoundingClientRect().width, i.getBoundingClientRect().height]),
		rendering: [...document.querySelectorAll(".side img")].map(i => getComputedStyle(i).imageRendering),
		outside: performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin + "/") && !n.startsWith("data:")),
		smallest: Math.min(...[...document.querySelectorAll("#vote button")].filter(e => !e.disabled && e.offsetParent).map(e => e.getBoundingClientRect().height)),
	})`)
	if got.Overflow || got.Bottom > got.Height {
		b.Errorf("the page is larger than the window: %+v", got)
	}
	if len(got.Outside) > 0 {
		b.Errorf("the page loads %q, want nothing from elsewhere", got.Outside)
	}
	if got.Smallest < 30 {
		b.Errorf("a button is %.0f pixels high, want room for a thumb", got.Smallest)
	}
	for i, size := range got.Sizes {
		times := size[0] * got.Ratio / float64(natural)
		if size[0] != size[1] || size[0] != got.Sizes[0][0] || times < 3 || math.Abs(times-math.Round(times)) > .002 || got.Rendering[i] != "pixelated" { // browsers lay out in 64ths
			b.Errorf("picture %d is %v, %.4f times its size, %s, want equal whole multiples, pixelated", i, size, times, got.Rendering[i])
		}
	}
}
