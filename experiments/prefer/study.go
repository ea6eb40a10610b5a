package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/addlab/addlab/internal/rng"
)

// method is a system whose pictures are compared: one PNG for each caption of the study.
type method struct {
	name     string
	pictures [][]byte
}

// study is what people vote on.
type study struct {
	id       string // equal ids mean equal methods, pictures, captions and seed: their orders differ in length only
	seed     int64
	methods  []method
	captions []string
	perVoter int  // pairs, without those that check attention; fewer are the beginning of more
	forced   bool // without the answer "cannot say", as in the paper

	duels []duel
}

// duel is two methods with the captions on which their pictures differ.
type duel struct {
	a, b     int
	captions []int
}

// Of so many pairs in a row one checks attention.
const checkEvery = 10

// newStudy pairs all methods with one another. perVoter bounds the pairs of a voter; there are not more than captions × pairs of methods.
func newStudy(methods []method, captions []string, seed int64, perVoter int, forced bool) (s study, err error) {
	s = study{seed: seed, methods: methods, captions: captions, forced: forced}
	all := 0
	for a := range methods {
		for b := a + 1; b < len(methods); b++ {
			d := duel{a: a, b: b}
			for i := range captions {
				if !bytes.Equal(methods[a].pictures[i], methods[b].pictures[i]) {
					d.captions = append(d.captions, i)
				}
			}
			if len(d.captions) == 0 {
				return s, fmt.Errorf("%s and %s have the same pictures, want methods that differ", methods[a].name, methods[b].name)
			}
			s.duels = append(s.duels, d)
			all += len(d.captions)
		}
	}
	if len(s.duels) == 0 {
		return s, fmt.Errorf("methods = %d, want ≥ 2 to compare", len(methods))
	}
	s.perVoter = min(perVoter, all)
	s.id, err = s.hash()
	return s, err
}

// hash depends on all that makes a line of the votes mean what it means.
func (s study) hash() (string, error) {
	type content struct {
		Name     string
		Pictures [][sha256.Size]byte
	}
	var methods []content
	for _, m := range s.methods {
		c := content{Name: m.name}
		for _, p := range m.pictures {
			c.Pictures = append(c.Pictures, sha256.Sum256(p))
		}
		methods = append(methods, c)
	}
	text, err := json.Marshal(map[string]any{"seed": s.seed, "captions": s.captions, "methods": methods})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6]), err
}

// same counts the pairs that are left out because both pictures are the same.
func (s study) same() (n int) {
	for _, d := range s.duels {
		n += len(s.captions) - len(d.captions)
	}
	return n
}

// shown is one side of a pair.
type shown struct {
	name string // of the method, or what checks attention
	png  []byte
}

// pair is what a voter sees at once.
type pair struct {
	caption     string
	left, right shown
	attention   string // kind of check, "" where methods are compared
	intact      string // its intact side
}

// order is what a voter sees, from the first pair to the last. The study's id and the voter's name determine it; perVoter only cuts it
// off, so that whoever comes back continues, also with another number of pairs. Every stretch of pairs holds each two methods equally
// often: people may stop anywhere. Sides are drawn by lot.
func (s study) order(voter string) (pairs []pair, err error) {
	stream := func(purpose string, step int) *rand.Rand { return rng.New(s.seed, "prefer/"+purpose+"/"+voter, step) }
	captions := make([][]int, len(s.duels))
	for d := range s.duels {
		for _, k := range stream("captions", d).Perm(len(s.duels[d].captions)) {
			captions[d] = append(captions[d], s.duels[d].captions[k])
		}
	}
	var compared []pair
	for round := 0; len(compared) < s.perVoter; round++ {
		for _, d := range stream("round", round).Perm(len(s.duels)) {
			if len(compared) == s.perVoter || round >= len(captions[d]) {
				continue
			}
			i, a, b := captions[d][round], s.methods[s.duels[d].a], s.methods[s.duels[d].b]
			p := pair{caption: s.captions[i], left: shown{a.name, a.pictures[i]}, right: shown{b.name, b.pictures[i]}}
			compared = append(compared, p)
		}
	}
	for block := 0; len(compared) > 0; block++ {
		n := min(checkEvery-1, len(compared))
		stretch := slices.Clone(compared[:n])
		if at := stream("check", block).IntN(checkEvery); at <= n { // else perVoter cuts the last stretch off before its check
			check, err := s.check(stream("scene", block))
			if err != nil {
				return nil, err
			}
			stretch = slices.Insert(stretch, at, check)
		}
		pairs = append(pairs, stretch...)
		compared = compared[n:]
	}
	for i := range pairs {
		if p := &pairs[i]; stream("side", i).IntN(2) == 1 {
			p.left, p.right = p.right, p.left
			if p.attention != "" {
				p.intact = right
			}
		}
	}
	return pairs, nil
}

// check is a pair that checks attention, its intact side at the left.
func (s study) check(r *rand.Rand) (pair, error) {
	c, err := newCheck(r)
	return pair{caption: c.caption, left: shown{"intact", c.intact}, right: shown{c.kind, c.broken}, attention: c.kind, intact: left}, err
}
