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
		fmt.Printf("%-5s text %-5t image %-5t paper %v\n", cell.Name, d.Text, d.Image, *cell.Paper)
	}
	// Output:
	// none  text false image false paper {21.2 0.302}
	// text  text true  image false paper {21.2 0.307}
	// image text false image true  paper {21.1 0.316}
	// both  text true  image true  paper {20.6 0.319}
}
