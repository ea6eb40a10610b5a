package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
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
