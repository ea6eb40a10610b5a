package main

import (
	"runtime"
	"time"
)

// Turn is the mean of the calls of one turn: seconds by the clock, seconds of all processors, and the number that came out.
type Turn struct {
	Wall  float64 `json:"wall"`
	CPU   float64 `json:"cpu"`
	Calls int     `json:"calls"`
	Value float64 `json:"value"`
}

// turnTime is how long a tool calls its function again before another one gets the cores.
const turnTime = time.Second / 2

// takeTurn calls f until a turn has passed, so that collecting its garbage counts too.
func takeTurn(f func() (float64, error)) (t Turn, err error) {
	runtime.GC()
	cpu, began := processor(), time.Now()
	for elapsed := time.Duration(0); elapsed < turnTime && err == nil; elapsed = time.Since(began) {
		t.Value, err = f()
		t.Calls++
	}
	n := float64(t.Calls)
	t.Wall, t.CPU = time.Since(began).Seconds()/n, (processor()-cpu)/n
	return t, err
}
