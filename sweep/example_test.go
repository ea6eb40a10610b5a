package sweep_test

import (
	"fmt"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
)

// An axis is a list of edits to one config.
func ExampleLookup() {
	axis, err := ablations.Lookup("disc-cond")
	if err != nil {
		fmt.Println(err)
		return
	}
	base, err := distill.DefaultConfig("cpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, cell := range axis.Cells {
		d := cell.Config(base).Discriminator
		fmt.Printf("%-5s text %-5t image %-5t paper %v\n", cell.Name, d.Text, d.Image, cell.Paper)
	}
	// Output:
	// none  text false image false paper map[clip:0.302 fid:21.2]
	// text  text true  image false paper map[clip:0.307 fid:21.2]
	// image text false image true  paper map[clip:0.316 fid:21.1]
	// both  text true  image true  paper map[clip:0.319 fid:20.6]
}
