package download_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
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
