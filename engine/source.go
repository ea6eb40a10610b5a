package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/gomlx/compute-onnx/support/onnxruntime"
)

type library struct {
	path   string
	source string // how it was found or came here
}

type source struct {
	name    string
	fetches bool // from the network
	get     func(ctx context.Context) (string, error)
}

var (
	errAbsent     = errors.New("not there")
	errNotFetched = errors.New("not on this machine, and fetching is switched off")
)

// first is the library of the first source that has it. Those that fetch come last.
func (s setting) first(ctx context.Context, sources ...source) (library, error) {
	var failures []error
	for _, src := range sources {
		if src.fetches && !s.fetch {
			return library{}, errNotFetched
		}
		path, err := src.get(ctx)
		switch {
		case err == nil:
			return library{path, src.name}, nil
		case ctx.Err() != nil:
			return library{}, ctx.Err()
		case src.fetches:
			err = fmt.Errorf("%s: %w", src.name, err)
			fmt.Fprintf(s.progress, "engine: %s\n", oneLine(err.Error()))
			failures = append(failures, err)
		}
	}
	return library{}, errors.Join(failures...)
}

// patience is how long an unreachable host may cost, once in a process.
const patience = 5 * time.Second

// network asks whether hosts answer, and remembers those that did not.
type network struct {
	client   http.Client // through the proxy of the environment
	patience time.Duration

	mu     sync.Mutex
	silent map[string]error // by host
}

var internet = &network{patience: patience}

// reach returns nil if the hosts of all addresses answer in time. Any answer counts: what it means is for the client to say.
func (n *network) reach(ctx context.Context, addresses ...string) error {
	limited, cancel := context.WithTimeout(ctx, n.patience)
	defer cancel()
	failures := make(chan error, len(addresses))
	for _, a := range addresses {
		go func() { failures <- n.ask(ctx, limited, a) }()
	}
	for range addresses {
		if err := <-failures; err != nil {
			return err
		}
	}
	return nil
}

// ask sends one request, unless its host was silent before. A caller that gives up says nothing about the host.
func (n *network) ask(caller, limited context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	n.mu.Lock()
	err = n.silent[u.Host]
	n.mu.Unlock()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(limited, http.MethodHead, address, nil)
	if err != nil {
		return err
	}
	response, err := n.client.Do(request)
	if err == nil {
		return response.Body.Close()
	}
	if certificate := (*tls.CertificateVerificationError)(nil); errors.As(err, &certificate) {
		return nil // clients have certificates of their own
	}
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v", n.patience)
	}
	err = fmt.Errorf("%s cannot be reached: %w", u.Host, err)
	if caller.Err() == nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.silent == nil {
			n.silent = map[string]error{}
		}
		n.silent[u.Host] = err
	}
	return err
}

// installer is one of GoMLX's own. It knows no context, so what it needs is asked first.
type installer struct {
	name, title string
	needs       []string // addresses it downloads from
	limit       time.Duration
	run         func() error
}

// source runs the installer, then looks in the installer's folder.
func (i installer) source(s setting, folder source) source {
	return source{name: i.name + "'s installer", fetches: true, get: func(ctx context.Context) (string, error) {
		if err := s.network.reach(ctx, i.needs...); err != nil {
			return "", err
		}
		start := time.Now()
		fmt.Fprintf(s.progress, "engine: installing %s with %s's installer …\n", i.title, i.name)
		var err error
		quietly(func() {
			_, err = attempt(ctx, i.limit, func() (struct{}, error) { return struct{}{}, i.run() })
		})
		if err != nil {
			return "", err
		}
		path, err := folder.get(ctx)
		if err != nil {
			return "", fmt.Errorf("it left no library that loads: %w", err)
		}
		fmt.Fprintf(s.progress, "engine: %s is here after %.1f s\n", i.title, time.Since(start).Seconds())
		return path, nil
	}}
}

var onnxInstaller = installer{
	name: "compute-onnx", title: "ONNX Runtime", limit: 10 * time.Minute,
	needs: []string{onnxruntime.RepoURL + "/v" + onnxRuntime + "/onnxruntime-linux-x64-" + onnxRuntime + ".tgz"},
	run: func() error {
		_, err := onnxruntime.Install(onnxRuntime, false, "", "", false)
		return err
	},
}

var stdout sync.Mutex

// quietly runs fn, which must not hang, without the standard output: installers and the Go backend write there what would
// spoil the program's own output.
func quietly(fn func()) {
	stdout.Lock()
	defer stdout.Unlock()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		fn()
		return
	}
	saved := os.Stdout
	os.Stdout = null
	defer func() {
		os.Stdout = saved
		_ = null.Close()
	}()
	fn()
}
