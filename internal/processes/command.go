package processes

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// Ask is what a program prints that should end at once, without the space around it.
func Ask(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := Command(ctx, name, args...).Output()
	return strings.TrimSpace(string(out)), err
}

// Command is a command that ends with its context even if children of it keep its output open.
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	return cmd
}
