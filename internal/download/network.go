package download

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Network asks whether hosts answer, and remembers those that did not.
type Network struct {
	Client   http.Client   // the zero value goes through the proxy of the environment
	Patience time.Duration // how long an unreachable host may cost, once
	Silence  time.Duration // how long Do waits for the next byte

	mu     sync.Mutex
	silent map[string]error // by host
}

// Internet is the network of this process.
var Internet = &Network{Patience: 5 * time.Second, Silence: 30 * time.Second}

// Reach returns nil if the hosts of all addresses answer in time. Any answer counts: what it means is for the client to say.
func (n *Network) Reach(ctx context.Context, addresses ...string) error {
	limited, cancel := context.WithTimeout(ctx, n.Patience)
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
func (n *Network) ask(caller, limited context.Context, address string) error {
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
	response, err := n.Client.Do(request)
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
		err = fmt.Errorf("no answer within %v", n.Patience)
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

// Do sends a request. It fails, and so does reading the answer, where no byte comes for n.Silence. What a redirection leads to at another
// host is asked without authorization: stores of files refuse that of others.
func (n *Network) Do(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	b := &body{ctx: ctx, cancel: cancel, silence: n.Silence}
	b.timer = time.AfterFunc(n.Silence, func() { cancel(fmt.Errorf("no byte came for %v", n.Silence)) })
	client := n.Client
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if next.URL.Host != via[0].URL.Host {
			next.Header.Del("Authorization")
		}
		if len(via) >= 10 {
			return errors.New("10 redirections")
		}
		return nil
	}
	response, err := client.Do(request.WithContext(ctx))
	b.timer.Stop()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = fmt.Errorf("%s: %w", request.URL.Host, cause)
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	b.ReadCloser, response.Body = response.Body, b
	return response, nil
}

// body is that of an answer. Only the time of waiting for bytes counts as silence.
type body struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	silence time.Duration
	timer   *time.Timer
}

func (b *body) Read(p []byte) (int, error) {
	b.timer.Reset(b.silence)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if cause := context.Cause(b.ctx); err != nil && cause != nil {
		err = cause
	}
	return n, err
}

func (b *body) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}
