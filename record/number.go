package record

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Number is a float64 that JSON can carry when a loss has diverged: NaN and infinities are the texts "NaN", "+Inf", "-Inf".
type Number float64

// MarshalJSON writes a number, or a text for a value that JSON has no number for.
func (x Number) MarshalJSON() ([]byte, error) {
	if v := float64(x); math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return json.Marshal(float64(x))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (x *Number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*x = Number(math.NaN())
	case `"+Inf"`:
		*x = Number(math.Inf(1))
	case `"-Inf"`:
		*x = Number(math.Inf(-1))
	default:
		var v *float64
		if err := json.Unmarshal(b, &v); err != nil || v == nil {
			return fmt.Errorf("record: number = %s, want a JSON number, \"NaN\", \"+Inf\" or \"-Inf\"", b)
		}
		*x = Number(*v)
	}
	return nil
}
