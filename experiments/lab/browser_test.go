package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// screenshotsEnv names a folder that keeps the screenshots, for people to look at.
const screenshotsEnv = "ADDLAB_SCREENSHOTS"

// page is how one of Jupyter's fronts shows a notebook.
type page struct {
	address  string   // of a file below the server's folder
	ready    string   // is true once the page has the kernel's name: cells that are run before it is up wait for it
	dialog   string   // XPath of the button that a reader presses when asked for a kernel; "" where nobody is asked
	menu     []string // what a reader clicks to run all cells
	pictures string
	faults   string
}

var pages = map[string]page{
	"lab": {
		address: "lab/tree/", ready: `document.querySelector(".jp-KernelName")?.innerText.includes("gonb") ?? false`,
		dialog:   `//div[contains(@class, "jp-Dialog")]//button[contains(@class, "jp-mod-accept")]`,
		menu:     []string{`//*[@id="jp-MainMenu"]//div[text()="Run"]`, `//div[contains(@class, "lm-Menu-itemLabel") and text()="Run All Cells"]`},
		pictures: `.jp-RenderedImage img`,
		faults:   `[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]`,
	},
	"notebook": {
		address: "notebooks/", ready: `document.querySelector(".kernel_idle_icon") != null`,
		menu:     []string{`//a[@id="celllink"]`, `//li[@id="run_all_cells"]/a`},
		pictures: `.output_png img`,
		faults:   `.output_stderr, .output_error`,
	},
}

// A reader opens a notebook in a browser, runs all cells and sees the pictures.
func TestNotebookInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Jupyter and a browser")
	}
	chromium := browser(t)
	for _, c := range []struct{ name, jupyter string }{{"JupyterLab", own}, {"Debian", "/usr/bin/jupyter"}} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath(c.jupyter); c.jupyter != own && err != nil {
				t.Skipf("%s is not there (Debian: apt install jupyter-notebook)", c.jupyter)
			}
			s := ready(t, c.jupyter)
			address, pictures := serveOne(t, s, "01_diffusion.ipynb")
			v, err := visit(t, chromium, pages[s.server], address, 8*time.Minute)
			if err == nil {
				err = v.await(shown(v.pictures, pictures))
			}
			if err != nil {
				t.Error(err)
			}
			if v != nil {
				v.screenshot(t, "notebook-"+s.server)
			}
		})
	}
}

// A reader presses Draw, sees pictures, and presses Done: the cell ends and keeps them.
func TestPromptInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Jupyter and a browser")
	}
	chromium := browser(t)
	s := ready(t, own)
	address, _ := serveOne(t, s, "interactive/prompt.ipynb")
	v, err := visit(t, chromium, pages[s.server], address, 8*time.Minute)
	for _, step := range []func() error{
		func() error { return v.await(shown(`.jp-OutputArea-output img`, 1)) },
		func() error { return v.press(`//button[@name="draw"]`) },
		func() error { return v.press(`//button[@name="done"]`) },
		func() error { return v.await(shown(v.pictures, 1)) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		t.Error(err)
	}
	if v != nil {
		v.screenshot(t, "prompt")
	}
}

// ready is a Jupyter with its kernel.
func ready(t *testing.T, jupyter string) setting {
	t.Helper()
	var said bytes.Buffer
	s, err := setUp(t.Context(), jupyter, false, &said, &said)
	if err != nil {
		t.Skipf("no Jupyter to test with: %v", err)
	}
	t.Log(strings.TrimSpace(said.String()))
	return s
}

// serveOne serves one notebook without its outputs; it gives the notebook's address and how many pictures it should show.
func serveOne(t *testing.T, s setting, name string) (address string, pictures int) {
	t.Helper()
	folder, pictures := blank(t, s.root, name)
	return serveFor(t, s) + pages[s.server].address + filepath.Base(folder) + "/" + filepath.Base(name), pictures
}

func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on the PATH (Debian: apt install chromium)")
	return ""
}

// blank puts a notebook without outputs beside the others, where the project is found, and counts the pictures that it should show.
func blank(t *testing.T, root, name string) (folder string, pictures int) {
	t.Helper()
	folder, err := os.MkdirTemp(filepath.Join(root, "notebooks"), "_browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	text, err := os.ReadFile(filepath.Join(root, "notebooks", name))
	if err != nil {
		t.Fatal(err)
	}
	var n map[string]any
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	for _, c := range n["cells"].([]any) {
		if cell := c.(map[string]any); cell["cell_type"] == "code" {
			cell["outputs"] = []any{}
			for _, line := range cell["source"].([]any) {
				pictures += strings.Count(line.(string), "show.Draw(")
			}
		}
	}
	if text, err = json.Marshal(n); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, filepath.Base(name)), text, 0o666); err != nil {
		t.Fatal(err)
	}
	return folder, pictures
}

// token opens the server of a test.
const token = "test"

// serveFor starts Jupyter as `make lab` does and returns its address once it answers.
func serveFor(t *testing.T, s setting) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	s.env = append(s.env, "JUPYTER_TOKEN="+token, "BROWSER=", "DISPLAY=", "JUPYTERLAB_WORKSPACES_DIR="+t.TempDir())
	var log bytes.Buffer
	cmd := s.command(t.Context(), s.jupyter, append(s.serve(port), "--no-browser")...)
	cmd.Stdout, cmd.Stderr = &log, &log
	gently(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		if t.Failed() {
			t.Logf("Jupyter said:\n%s", &log)
		}
	})
	address := "http://127.0.0.1:" + strconv.Itoa(port) + "/"
	for range 600 {
		if response, err := http.Get(address + "api"); err == nil {
			response.Body.Close()
			return address
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("Jupyter did not answer within two minutes")
	return ""
}

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
