//go:build unix

package processes

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps an interruption from the keyboard from cmd, which Run passes on: a second one would kill it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
