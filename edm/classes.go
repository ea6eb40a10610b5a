package edm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// NoClass stands for no class, which unconditional networks are asked for.
const NoClass = -1

// cifar10 are the classes of CIFAR-10 in its order.
var cifar10 = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// names are those of the classes, nil where only numbers are known: ten classes are taken for CIFAR-10's.
func (m *Model) names() []string {
	if m.Network.LabelDim == len(cifar10) {
		return cifar10
	}
	return nil
}

// Class reads the number or the name of a class.
func (m *Model) Class(text string) (int, error) {
	text = strings.TrimSpace(text)
	n, err := strconv.Atoi(text)
	if err != nil {
		n = slices.Index(m.names(), strings.ToLower(text))
	}
	if n >= 0 && n < m.Network.LabelDim {
		return n, nil
	}
	if m.Network.LabelDim == 0 {
		return 0, fmt.Errorf("edm: class = %q, want none: the network knows no classes", text)
	}
	want := fmt.Sprintf("0 to %d", m.Network.LabelDim-1)
	if names := m.names(); names != nil {
		want += " or one of " + strings.Join(names, ", ")
	}
	return 0, fmt.Errorf("edm: class = %q, want %s", text, want)
}
