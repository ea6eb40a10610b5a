package engine

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/addlab/addlab/internal/wheel"
)

// The limits are far above what was measured (0.1 s on a processor): they only separate slow from hung.
const (
	openLimit    = 30 * time.Second
	openGPULimit = 2 * time.Minute
)

// xlaCPUPlugin is a PJRT plugin for the processor, built from the sources of a released XLA.
var xlaCPUPlugin = wheel.File{
	Prefix: "engine", Folder: "engines",
	Entry: "xla-cpu-0.11.2",
	Title: "XLA plugin for the processor",
	Name:  "pjrt_c_api_cpu_plugin.so",
	Wheels: map[string]wheel.Pin{
		"linux/amd64": {
			Spec:   "lammps-jax-pjrt-cpu==0.11.2",
			Flags:  []string{"--platform", "manylinux_2_27_x86_64"}, // also for a Python that is not built for it
			Size:   62711338,
			SHA256: "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
			Member: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
		},
	},
}

func openXLACPU(ctx context.Context, c candidate, s setting) (*Engine, error) {
	folder := goXLAFolder("cpu")
	plugin, err := s.first(ctx, folder, cached(xlaCPUPlugin), goXLAInstaller("cpu").source(s, folder), pip(xlaCPUPlugin, s))
	if err != nil {
		return nil, err
	}
	return openPlugin(ctx, xlaCPU, plugin, c.options, openLimit)
}

// goXLAFolder looks for a plugin where go-xla does, and where PJRT_PLUGIN_LIBRARY_PATH says.
// It is guarded because go-xla loads every plugin it meets, and panics at one that does not load.
func goXLAFolder(device string) source {
	return source{name: "go-xla's folder", get: func(ctx context.Context) (string, error) {
		return attempt(ctx, openLimit, func() (string, error) {
			plugins := pjrt.AvailablePlugins()
			name, found := pluginFor(device, slices.Collect(maps.Keys(plugins)))
			if !found {
				return "", errAbsent
			}
			return filepath.Abs(plugins[name])
		})
	}}
}

// pluginFor chooses the plugin without a version in its name, else that of the latest version.
func pluginFor(device string, names []string) (name string, found bool) {
	version := func(name string) (v [3]int) {
		fmt.Sscanf(strings.TrimPrefix(name, device), "_v%d.%d.%d", &v[0], &v[1], &v[2])
		return v
	}
	for _, n := range slices.Sorted(slices.Values(names)) {
		if n == device {
			return n, true
		}
		if at, latest := version(n), version(name); strings.HasPrefix(n, device+"_v") && (!found || slices.Compare(at[:], latest[:]) >= 0) {
			name, found = n, true
		}
	}
	return name, found
}

// goXLAInstaller installs the plugin for "cpu" from a release, or for "cuda" from JAX's packages.
func goXLAInstaller(device string) installer {
	i := installer{name: "go-xla", title: "XLA plugin for " + device, run: func() error { return installXLA(device) }}
	if device == "cuda" { // it comes with NVIDIA's libraries, several gigabytes
		i.limit, i.needs = time.Hour, []string{"https://pypi.org/pypi/jax-cuda13-pjrt/json"}
		return i
	}
	const releases = "/gomlx/pjrt-cpu-binaries/releases"
	i.limit, i.needs = 10*time.Minute, []string{
		"https://api.github.com/repos" + releases + "/tags/" + pjrt.DefaultCPUVersion,
		"https://github.com" + releases + "/download/" + pjrt.DefaultCPUVersion + "/pjrt_cpu_linux_amd64.tar.gz",
	}
	return i
}

// openPlugin opens the plugin at an absolute path. Without a name, file and device decide whether it is for CUDA.
func openPlugin(ctx context.Context, name string, from library, options string, limit time.Duration) (*Engine, error) {
	plugin := from.path
	if name == "" && namesCUDA(plugin) {
		name = xlaCUDA
	}
	config := plugin
	if options != "" {
		config += "," + options
	}
	// go-xla shares buffers with the host where it sees "cpu" anywhere in the path of the plugin, which no GPU can do.
	if name == xlaCUDA && strings.Contains(strings.ToLower(plugin), "cpu") && !strings.Contains(options, "shared_buffers") {
		config += ",noshared_buffers"
	}
	backend, err := attempt(ctx, limit, func() (compute.Backend, error) { return xla.New(config) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", plugin, err)
	}

	device := backend.DeviceDescription(0)
	if name == "" {
		name = xlaCPU
		if namesCUDA(device) {
			name = xlaCUDA
		}
	}
	switch name {
	case xlaCPU:
		device = processor()
	case xlaCUDA:
		device = nvidiaName(ctx, device)
	}
	return &Engine{Name: name, Version: pluginVersion(plugin), Device: device, Backend: backend, library: from}, nil
}

// namesCUDA says whether a plugin's path or a device's description speaks of CUDA. A file's own name counts more than its folder.
func namesCUDA(s string) bool {
	s = strings.ToLower(s)
	if strings.Contains(filepath.Base(s), "cpu") {
		return false
	}
	return strings.Contains(s, "cuda") || strings.Contains(s, "nvidia")
}

// pluginVersion is the version of PJRT's interface and, where the path tells it, of the plugin.
func pluginVersion(plugin string) string {
	p, err := pjrt.GetPlugin(plugin) // loaded already
	if err != nil {
		return "unknown"
	}
	major, minor := p.Version()
	version := fmt.Sprintf("PJRT %d.%d", major, minor)
	if release := pluginRelease(plugin); release != "" {
		version += ", plugin " + release
	}
	return version
}

// pluginRelease reads a release off the plugin's file, its folder, or the record that pip keeps of JAX's package; "" where none tells it.
func pluginRelease(plugin string) string {
	folder := filepath.Dir(plugin)
	inPath := filepath.Join(filepath.Base(folder), filepath.Base(plugin))
	if records, _ := filepath.Glob(filepath.Join(folder, "..", "..", "jax_cuda*_pjrt-*.dist-info")); len(records) == 1 {
		inPath = filepath.Base(records[0])
	}
	return strings.TrimLeft(releaseInPath.FindString(inPath), "-v")
}

var releaseInPath = regexp.MustCompile(`[-v]\d+\.\d+\.\d+`)
