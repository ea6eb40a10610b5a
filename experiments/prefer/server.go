package main

import (
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/addlab/addlab/internal/fold"
)

//go:embed page.html page.css page.js
var pageFiles embed.FS

// server shows pairs to voters and writes down what they say. A voter never learns which method a picture is from.
type server struct {
	study study
	token string // the first part of every path
	file  *voteFile
	now   func() time.Time

	mu     sync.Mutex
	orders map[string][]pair
	voted  map[string]map[int]bool // pairs by voter
}

func newServer(s study, file *voteFile, votes []vote) *server {
	srv := &server{study: s, token: rand.Text(), file: file, now: time.Now, orders: map[string][]pair{}, voted: map[string]map[int]bool{}}
	for _, v := range votes {
		srv.mark(v.Voter, v.Pair)
	}
	return srv
}

func (s *server) mark(voter string, pair int) {
	if s.voted[voter] == nil {
		s.voted[voter] = map[int]bool{}
	}
	s.voted[voter][pair] = true
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{token}/{$}", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pageFiles, "page.html") })
	for _, name := range []string{"page.css", "page.js"} {
		mux.HandleFunc("GET /{token}/"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pageFiles, name) })
	}
	mux.HandleFunc("GET /{token}/picture", s.picture)
	mux.HandleFunc("POST /{token}/next", answer(s.next))
	mux.HandleFunc("POST /{token}/vote", answer(s.vote))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case !local(r.Host): // a page elsewhere whose name was made to lead here
			http.Error(w, "this page is for 127.0.0.1 only", http.StatusForbidden)
			return
		case subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1:
			http.Error(w, "wrong address: open the one that the program printed", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "127.0.0.1" || host == "localhost"
}

// wrong is a mistake of the caller.
type wrong struct {
	status int
	error
}

// answer wraps a function of JSON; of an error the page shows the text.
func answer[Q, A any](f func(Q) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var question Q
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
		d.DisallowUnknownFields()
		var reply any
		err := d.Decode(&question)
		if err != nil {
			err = wrong{http.StatusBadRequest, err}
		} else {
			reply, err = f(question)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			status := http.StatusInternalServerError
			if fault := (wrong{}); errors.As(err, &fault) {
				status = fault.status
			}
			w.WriteHeader(status)
			reply = map[string]string{"error": err.Error()}
		}
		json.NewEncoder(w).Encode(reply)
	}
}

type voterQuestion struct {
	Voter string `json:"voter"`
}

// state is what the page shows next.
type state struct {
	Voter  string     `json:"voter"`
	Done   int        `json:"done"` // pairs that the voter has answered
	Total  int        `json:"total"`
	Forced bool       `json:"forced"` // there is no answer "cannot say"
	Pair   *shownPair `json:"pair"`   // nil after the last
}

type shownPair struct {
	Number  int    `json:"number"`
	Caption string `json:"caption"`
	Left    string `json:"left"` // addresses of the pictures
	Right   string `json:"right"`
}

func (s *server) next(q voterQuestion) (state, error) {
	voter, err := voterName(q.Voter)
	if err != nil {
		return state{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateOf(voter)
}

// voterName keeps a name in one form.
func voterName(typed string) (string, error) {
	name := fold.OneLine(typed)
	printable := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	if n := utf8.RuneCountInString(name); n < 1 || n > 40 || !printable || !utf8.ValidString(name) {
		return "", wrong{http.StatusBadRequest, fmt.Errorf("name = %q, want 1 to 40 letters", typed)}
	}
	return name, nil
}

// orderOf is called with the lock held.
func (s *server) orderOf(voter string) ([]pair, error) {
	if order := s.orders[voter]; order != nil {
		return order, nil
	}
	order, err := s.study.order(voter)
	if err == nil {
		s.orders[voter] = order
	}
	return order, err
}

// stateOf is called with the lock held.
func (s *server) stateOf(voter string) (state, error) {
	order, err := s.orderOf(voter)
	if err != nil {
		return state{}, err
	}
	st := state{Voter: voter, Total: len(order), Forced: s.study.forced}
	for n, p := range order {
		if s.voted[voter][n] {
			st.Done++
		} else if st.Pair == nil {
			address := func(side string) string {
				return "picture?" + url.Values{"voter": {voter}, "pair": {strconv.Itoa(n)}, "side": {side}}.Encode()
			}
			st.Pair = &shownPair{Number: n, Caption: p.caption, Left: address(left), Right: address(right)}
		}
	}
	return st, nil
}

func (s *server) picture(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	voter, err := voterName(q.Get("voter"))
	n, fault := strconv.Atoi(q.Get("pair"))
	side := q.Get("side")
	if err != nil || fault != nil || side != left && side != right {
		http.Error(w, "want voter, pair and side", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	order, err := s.orderOf(voter)
	s.mu.Unlock()
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	case n < 0 || n >= len(order):
		http.Error(w, "no such pair", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Write(map[string][]byte{left: order[n].left.png, right: order[n].right.png}[side])
}

// ballot is what the page sends of a pair.
type ballot struct {
	Voter   string  `json:"voter"`
	Pair    int     `json:"pair"`
	Looks   string  `json:"looks"`
	Fits    string  `json:"fits"`
	Seconds float64 `json:"seconds"`
}

// vote writes an answer down before it gives the next pair. A pair that was answered already, as when the reply was lost on its way or in a
// second window, is not counted again.
func (s *server) vote(b ballot) (state, error) {
	voter, err := voterName(b.Voter)
	if err != nil {
		return state{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := s.stateOf(voter)
	if err != nil || s.voted[voter][b.Pair] {
		return now, err
	}
	if now.Pair == nil || now.Pair.Number != b.Pair {
		return state{}, wrong{http.StatusConflict, fmt.Errorf("pair = %d, which is not the next: reload the page", b.Pair)}
	}
	if s.study.forced && (b.Looks == none || b.Fits == none) {
		return state{}, wrong{http.StatusBadRequest, errors.New("this study has no answer \"cannot say\"")}
	}
	p := s.orders[voter][b.Pair]
	v := vote{
		Time: s.now().UTC(), Study: s.study.id, Voter: voter, Pair: b.Pair, Caption: p.caption, Left: p.left.name, Right: p.right.name,
		Looks: b.Looks, Fits: b.Fits, Attention: p.attention, Intact: p.intact, Seconds: math.Round(1000*b.Seconds) / 1000,
	}
	if err := v.validate(); err != nil {
		return state{}, wrong{http.StatusBadRequest, err}
	}
	if err := s.file.append(v); err != nil {
		return state{}, fmt.Errorf("the vote is not on the disk: %w", err)
	}
	s.mark(voter, b.Pair)
	return s.stateOf(voter)
}
