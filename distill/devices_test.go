package distill

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/tinyworld"
)

// A batch that two devices share teaches by eq. 4 what it teaches on one: gradients and random numbers are the batch's.
func TestDevicesShareABatch(t *testing.T) {
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	t.Setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0") // two devices of a processor; compiling takes most of the time
	e, err := engine.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Backend.NumDevices() < 2 {
		t.Skip(e.Name, "has one device")
	}
	b := tinyBundle(t, 1)
	cfg := tinyConfig(t, func(c *Config) { c.Steps, c.Adversarial = 2, 0 })
	curve := func(devices int) []map[string]float64 {
		d, err := open(t.Context(), Inputs{Config: cfg, Bundle: b, Data: tinyworld.New(), Backend: e.Backend, Devices: devices}, silent())
		if err != nil {
			t.Fatal(err)
		}
		defer d.close()
		return bench{d}.take(t, cfg.Steps)
	}
	if diff := cmp.Diff(curve(1), curve(2), cmpopts.EquateApprox(2e-3, 1e-4)); diff != "" {
		t.Errorf("(-one device +two):\n%s", diff)
	}
	_, err = open(t.Context(), Inputs{Config: cfg, Bundle: b, Data: tinyworld.New(), Backend: e.Backend, Devices: 3}, silent())
	if want := fmt.Sprintf("devices = 3, want a divisor of batch = %d", cfg.Batch); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("three devices: error = %v, want %q", err, want)
	}
}
