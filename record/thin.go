package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// mostLines is how many lines of a curve stay in a pack.
const mostLines = 80

// fold makes columns of lines. Of too many, neighbours become one line: the last step, the mean of numbers, and all different texts.
func fold(text []byte) (json.RawMessage, error) {
	lines, err := parseLines[map[string]json.RawMessage](text)
	if err != nil {
		return nil, err
	}
	group := max(1, (len(lines)+mostLines-1)/mostLines)
	columns := map[string][]json.RawMessage{}
	rows := 0
	for some := range slices.Chunk(lines, group) {
		for key, value := range merge(some) {
			if columns[key] == nil {
				columns[key] = make([]json.RawMessage, (len(lines)+group-1)/group)
			}
			columns[key][rows] = value
		}
		rows++
	}
	return json.Marshal(columns)
}

func merge(lines []map[string]json.RawMessage) map[string]json.RawMessage {
	merged := map[string]json.RawMessage{}
	sums, counts, lists := map[string]Number{}, map[string]Number{}, map[string][]json.RawMessage{}
	for _, line := range lines {
		for key, value := range line {
			var x Number
			var list []json.RawMessage
			switch {
			case key == "step":
				merged[key] = value
			case x.UnmarshalJSON(value) == nil:
				sums[key] += x
				counts[key]++
			case json.Unmarshal(value, &list) == nil:
				for _, text := range list {
					if !slices.ContainsFunc(lists[key], func(t json.RawMessage) bool { return bytes.Equal(t, text) }) {
						lists[key] = append(lists[key], text)
					}
				}
			default:
				merged[key] = value
			}
		}
	}
	for key, sum := range sums {
		x, _ := strconv.ParseFloat(strconv.FormatFloat(float64(sum/counts[key]), 'g', 5, 64), 64)
		merged[key], _ = Number(x).MarshalJSON() // always has one
	}
	for key, list := range lists {
		merged[key], _ = json.Marshal(list)
	}
	return merged
}

func unfold(folded json.RawMessage) ([]byte, error) {
	var columns map[string][]json.RawMessage
	if err := json.Unmarshal(folded, &columns); err != nil {
		return nil, err
	}
	var text strings.Builder
	keys := slices.Sorted(maps.Keys(columns))
	for row := range columns["step"] {
		fmt.Fprintf(&text, `{"step":%s`, columns["step"][row])
		for _, key := range keys {
			if value := columns[key]; key != "step" && row < len(value) && string(value[row]) != "null" {
				fmt.Fprintf(&text, ",%q:%s", key, value[row])
			}
		}
		text.WriteString("}\n")
	}
	return []byte(text.String()), nil
}
