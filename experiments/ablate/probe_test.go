package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/addlab/addlab/engine"
)

// The heads alone learn to tell the teacher's blurs from pictures. A change that blinds them shows here, long before any FID.
func TestTheDefaultDiscriminatorLearnsToTellBlurs(t *testing.T) {
	if testing.Short() {
		t.Skip("trains heads for 120 steps")
	}
	reports, err := engine.Probe(t.Context(), "xla:cpu", false, t.Output())
	if err != nil || len(reports) == 0 || !reports[0].Available {
		t.Skipf("XLA is not here, and other engines take too long: %v", err)
	}
	var stdout, stderr bytes.Buffer
	if rc := run(t.Context(), []string{
		"--cells", "both", "--probe", "120", "--engine", "xla:cpu", "--pretrained", filepath.Join("..", "..", "pretrained", "scenes"), "--out", t.TempDir(),
	}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	var auc []float64
	for _, m := range regexp.MustCompile(`(\d\.\d\d) \(`).FindAllStringSubmatch(stdout.String(), -1) {
		x, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		auc = append(auc, x)
	}
	if len(auc) != 3 || auc[0] > auc[2] || auc[2] < .65 {
		t.Errorf("areas under the curve %v, want three that rise to .65 or more:\n%s", auc, &stdout)
	}
}

// Methods that diffuse what the discriminator sees do not end the table.
func TestProbeNamesCellsThatDiffuse(t *testing.T) {
	out, pretrained := t.TempDir(), toyNetworks(t)
	var stdout, stderr bytes.Buffer
	if rc := run(t.Context(), []string{"--scale", "smoke", "--axis", "method", "--cells", "dmd2,f-distill,ufogen,regression", "--probe", "40", "--engine", "go", "--pretrained", pretrained, "--out", out, "--reference", out}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	if text := stdout.String(); strings.Count(text, "sees diffused pictures, which are not probed\n") != 3 || !strings.Contains(text, "no discriminator\n") {
		t.Errorf("want three cells of diffused pictures and one without a discriminator:\n%s", text)
	}
}

func TestProbeNamesCellsWithoutDiscriminator(t *testing.T) {
	out, pretrained := t.TempDir(), toyNetworks(t)
	var stdout, stderr bytes.Buffer
	if rc := run(t.Context(), []string{"--scale", "smoke", "--axis", "loss", "--cells", "distill,both-exp,adv", "--probe", "40", "--engine", "go", "--pretrained", pretrained, "--out", out, "--reference", out}, &stdout, &stderr); rc != 0 {
		t.Fatalf("rc = %d, stderr = %q", rc, &stderr)
	}
	text := stdout.String()
	if !regexp.MustCompile(`loss/distill, seed 1 +no discriminator\n`).MatchString(text) || strings.Count(text, ", seed 1") != 2 {
		t.Errorf("want distill without a discriminator and one of the two whose heads are alike:\n%s", text)
	}
}
