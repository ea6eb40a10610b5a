package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// JSON writes t so that [ReadJSON] gives it back. JSON has no NaN: a number that is not finite is written as null and read
// as NaN, and an estimate that was never measured is left out.
func (t Table) JSON(w io.Writer) error {
	if t.Rows == nil {
		t.Rows = []Row{}
	}
	if t.References == nil {
		t.References = []Row{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

// ReadJSON reads a table that JSON wrote.
func ReadJSON(r io.Reader) (Table, error) {
	var t Table
	if err := json.NewDecoder(r).Decode(&t); err != nil {
		return Table{}, fmt.Errorf("report: reading table: %w", err)
	}
	return t, nil
}

// jsonEstimate and jsonScore are the forms on disk, with null for NaN.
type jsonEstimate struct {
	Mean *float64 `json:"mean"`
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
	N    int      `json:"n"`
}

type jsonScore struct {
	FID  *float64 `json:"fid"`
	CLIP *float64 `json:"clip"`
}

// MarshalJSON implements [json.Marshaler].
func (e Estimate) MarshalJSON() ([]byte, error) {
	return json.Marshal(jsonEstimate{Mean: orNull(e.Mean), Low: orNull(e.Low), High: orNull(e.High), N: e.N})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (e *Estimate) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var j jsonEstimate
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*e = Estimate{Mean: orNaN(j.Mean), Low: orNaN(j.Low), High: orNaN(j.High), N: j.N}
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (s Score) MarshalJSON() ([]byte, error) {
	return json.Marshal(jsonScore{FID: orNull(s.FID), CLIP: orNull(s.CLIP)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Score) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var j jsonScore
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*s = Score{FID: orNaN(j.FID), CLIP: orNaN(j.CLIP)}
	return nil
}

func orNull(x float64) *float64 {
	if !finite(x) {
		return nil
	}
	return &x
}

func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}
