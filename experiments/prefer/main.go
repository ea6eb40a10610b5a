// Command prefer asks people which of two pictures they prefer, on a page of this machine, and rates methods by their votes: the
// counterpart of the user studies of ADD (arXiv 2311.17042).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/internal/program"
)

func main() { command().Main() }

func command() program.Program {
	var o options
	return program.Program{
		Name: "prefer", Usage: usage, Parse: o.parse,
		Do: func(ctx context.Context, stdout, stderr io.Writer) error {
			if o.report {
				return o.rate(stdout, stderr)
			}
			return o.ask(ctx, stdout, stderr)
		},
	}
}

// ask serves the page until the context ends, which is how it is meant to end.
func (o options) ask(ctx context.Context, stdout, stderr io.Writer) (err error) {
	methods, captions, err := o.gather(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	s, err := newStudy(methods, captions, o.seed, o.pairs, o.forced)
	if err != nil {
		return err
	}
	if n := s.same(); n > 0 {
		fmt.Fprintf(stderr, "prefer: %s show the same picture twice and are left out\n", fold.Count(n, "pair"))
	}
	file, votes, notes, err := openVotes(o.votes, s.id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, note := range notes {
		fmt.Fprintln(stderr, "prefer:", note)
	}
	kept := keptAt(o.votes, s.id)
	if err := s.keep(kept); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)))
	if err != nil {
		return err
	}

	srv := newServer(s, file, votes)
	var names []string
	for _, m := range methods {
		names = append(names, m.name)
	}
	fmt.Fprintf(stdout, "study %s: %s on %s; %s for each voter, and checks of attention\n", s.id, strings.Join(names, ", "), fold.Count(len(captions), "caption"), fold.Count(s.perVoter, "pair"))
	fmt.Fprintf(stdout, "votes: %s (%d so far)\n", o.votes, len(votes))
	fmt.Fprintf(stdout, "pictures: %s\n", kept)
	fmt.Fprintf(stdout, "open http://%s/%s/\n", listener.Addr(), srv.token)
	fmt.Fprintf(stdout, "Ctrl-C ends the program; the ratings: go run ./experiments/prefer --report --votes %s\n", o.votes)
	return serve(ctx, listener, srv.handler())
}

// serve answers until the context ends. Requests that are under way are finished.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(late)
	})
	err := server.Serve(l)
	if !stop() && errors.Is(err, http.ErrServerClosed) {
		return <-stopped
	}
	return err
}
