package download_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/addlab/addlab/internal/download"
	"github.com/addlab/addlab/internal/wheeltest"
)

// swallow is a network that drops packets.
func swallow(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestReach(t *testing.T) {
	h := &wheeltest.Hosts{Answer: map[string]wheeltest.Answer{
		"here": wheeltest.OK(nil), "silent": swallow,
		"forbidden": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody}, nil
		},
		"private": func(*http.Request) (*http.Response, error) {
			return nil, &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
		},
	}}
	n := h.Network()
	for _, c := range []struct {
		why       string
		addresses []string
		want      string
		asked     int
	}{
		{"a host that answers", []string{"https://here/a"}, "", 1},
		{"an answer is an answer", []string{"https://forbidden"}, "", 1},
		{"a certificate is the client's affair", []string{"https://private"}, "", 1},
		{"one of two is silent", []string{"https://here", "https://silent/a"}, "silent cannot be reached: no answer within 50ms", 2},
		{"silence is remembered for all of the host", []string{"https://silent/b"}, "silent cannot be reached: no answer within 50ms", 0},
		{"a refusal", []string{"https://closed"}, "closed cannot be reached: connection refused", 1},
		{"a refusal is remembered", []string{"https://closed"}, "closed cannot be reached: connection refused", 0},
	} {
		h.Asked = nil
		err := n.Reach(t.Context(), c.addresses...)
		if got := fmt.Sprint(err); err == nil && c.want != "" || err != nil && got != c.want {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
		if len(h.Asked) != c.asked {
			t.Errorf("%s: %v were asked, want %d", c.why, h.Asked, c.asked)
		}
	}
	if download.Internet.Patience > 5*time.Second {
		t.Errorf("patience = %v, want at most 5 s", download.Internet.Patience)
	}
}

func TestACallerThatGivesUpSaysNothingOfTheHost(t *testing.T) {
	h := &wheeltest.Hosts{Answer: map[string]wheeltest.Answer{"slow": swallow}}
	n := h.Network()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Reach(ctx, "https://slow"); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	h.Answer["slow"] = wheeltest.OK(nil)
	if err := n.Reach(t.Context(), "https://slow"); err != nil {
		t.Errorf("after a cancelled question: %v", err)
	}
}

func TestDo(t *testing.T) {
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "token %q, range %q;", r.Header.Get("Authorization"), r.Header.Get("Range"))
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/stalls" {
			<-r.Context().Done()
		}
	}))
	defer store.Close()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/silent":
			<-r.Context().Done()
		case r.URL.Path == "/round":
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		case r.Header.Get("Authorization") == "":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			http.Redirect(w, r, store.URL+r.URL.Path, http.StatusFound)
		}
	}))
	defer host.Close()
	n := &download.Network{Silence: 300 * time.Millisecond}
	for path, c := range map[string]struct{ text, err string }{
		"/file":   {`token "", range "bytes=1-";`, ""},
		"/stalls": {`token "", range "bytes=1-";`, "no byte came for 300ms"},
		"/silent": {"", strings.TrimPrefix(host.URL, "http://") + ": no byte came for 300ms"},
		"/round":  {"", fmt.Sprintf("Get %q: 10 redirections", "/round")},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, host.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer secret")
		request.Header.Set("Range", "bytes=1-")
		response, err := n.Do(request)
		var text []byte
		if err == nil {
			text, err = io.ReadAll(response.Body)
			response.Body.Close()
		}
		if err == nil && c.err != "" || err != nil && err.Error() != c.err || string(text) != c.text {
			t.Errorf("%s: %q, error = %v, want %q, %q", path, text, err, c.text, c.err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, host.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Do(request); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}
