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
	ready    string   // is there once the kernel can be used
	menu     []string // what a reader clicks to run all cells
	pictures string
	faults   string
}

var pages = map[string]page{
	"lab": {
		address: "lab/tree/", ready: `.jp-Notebook-ExecutionIndicator[data-status="idle"]`,
		menu:     []string{`//*[@id="jp-MainMenu"]//div[text()="Run"]`, `//div[contains(@class, "lm-Menu-itemLabel") and text()="Run All Cells"]`},
		pictures: `.jp-RenderedImage img`,
		faults:   `[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]`,
	},
	"notebook": {
		address: "notebooks/", ready: `.kernel_idle_icon`,
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
	for _, jupyter := range []string{own, "/usr/bin/jupyter"} {
		t.Run(filepath.Base(filepath.Dir(jupyter))+"-"+filepath.Base(jupyter), func(t *testing.T) {
			if _, err := exec.LookPath(jupyter); jupyter != own && err != nil {
				t.Skipf("%s is not there (Debian: apt install jupyter-notebook)", jupyter)
			}
			var said bytes.Buffer
			s, err := setUp(t.Context(), jupyter, false, &said, &said)
			if err != nil {
				t.Skipf("no Jupyter to test with: %v", err)
			}
			t.Log(strings.TrimSpace(said.String()))
			folder, pictures := blank(t, s.root, "01_diffusion.ipynb")
			address := serveFor(t, s)
			look(t, chromium, pages[s.server], address+pages[s.server].address+filepath.Base(folder)+"/01_diffusion.ipynb", s.server, pictures)
		})
	}
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
	if err := os.WriteFile(filepath.Join(folder, name), text, 0o666); err != nil {
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
	s.env = append(s.env, "JUPYTER_TOKEN="+token, "BROWSER=", "DISPLAY=")
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

// look runs all cells as a reader would, waits for the pictures and takes a screenshot.
func look(t *testing.T, chromium string, p page, address, name string, pictures int) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WindowSize(1300, 3400))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	within, cancel := context.WithTimeout(ctx, 8*time.Minute)
	defer cancel()

	err := chromedp.Do(within, chromedp.Navigate(address+"?token="+token))
	for ready := 0; err == nil && ready == 0; time.Sleep(200 * time.Millisecond) {
		ready, err = chromedp.Run(within, chromedp.Evaluate[int](fmt.Sprintf(`document.querySelectorAll(%q).length`, p.ready)))
	}
	for _, item := range p.menu {
		if err == nil {
			err = press(within, item)
		}
	}
	count := fmt.Sprintf(`[...document.querySelectorAll(%q)].filter(i => i.complete && i.naturalWidth > 0).length`, p.pictures)
	said := fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.innerText).join("\n")`, p.faults)
	shown, faults := 0, ""
	for err == nil && shown < pictures && faults == "" {
		time.Sleep(500 * time.Millisecond)
		if shown, err = chromedp.Run(within, chromedp.Evaluate[int](count)); err == nil {
			faults, err = chromedp.Run(within, chromedp.Evaluate[string](said))
		}
	}
	time.Sleep(time.Second) // what was drawn last is still being laid out
	late, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	if png, err := chromedp.Run(late, chromedp.CaptureScreenshot()); err != nil {
		t.Errorf("screenshot: %v", err)
	} else {
		keepScreenshot(t, name, png)
	}
	switch {
	case faults != "":
		t.Errorf("a cell said: %s", faults)
	case err != nil:
		t.Errorf("%d of %d pictures, then: %v", shown, pictures, err)
	}
}

// press clicks with the mouse in the middle of what an XPath finds, once it is there.
func press(ctx context.Context, xpath string) error {
	where := fmt.Sprintf(`(() => {
		const e = document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue;
		const r = e ? e.getBoundingClientRect() : {width: 0};
		return r.width > 0 ? [r.left + r.width / 2, r.top + r.height / 2] : [];
	})()`, xpath)
	for {
		at, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](where))
		if err != nil {
			return fmt.Errorf("looking for %s: %w", xpath, err)
		}
		if len(at) == 2 {
			return chromedp.Do(ctx, chromedp.MouseClickXY(at[0], at[1]))
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func keepScreenshot(t *testing.T, name string, png []byte) {
	t.Helper()
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
