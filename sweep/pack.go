package sweep

import "github.com/addlab/addlab/record"

// Pack writes the finished runs in a folder as one file beside it, from which the same tables and pictures can be made.
func Pack(runs string) (path string, n int, err error) { return record.Pack(runs, picturesFile) }
