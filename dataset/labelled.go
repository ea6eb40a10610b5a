package dataset

// Attribute is something that is known of every picture of a world, such as its style.
type Attribute struct {
	Name   string
	Values []string
}

// Facts are what is known of a picture; the lists have an entry for each attribute of its world.
type Facts struct {
	Caption string
	Shows   []int  // number of the value that the picture shows, −1 for none
	States  []int  // number of the value that the caption states, −1 for none
	Open    []bool // whether the caption leaves the value to whoever draws; of what there is not, it is neither stated nor open
}

// Labelled is a world that knows what its pictures show and what its captions state.
type Labelled interface {
	Dataset
	// Attributes lists what is known of every picture.
	Attributes() []Attribute
	// Splits lists the names for Labels. Each world has "train" and "heldout"; "stated", whose captions leave as little open as
	// captions of the world can; "novel", combinations that never occur in training; and "all", without regard to splits.
	Splits() []string
	// Labels returns a split by its name.
	Labels(split string) LabelledSource
}

// LabelledSource is a split of a world.
type LabelledSource interface {
	Grouped
	// Picture draws picture i, which is that of sample i.
	Picture(i int) Image
	// Facts tells what is known of picture i, without drawing it.
	Facts(i int) Facts
}

// Classes counts the values of each attribute.
func Classes(attributes []Attribute) []int {
	n := make([]int, len(attributes))
	for i, a := range attributes {
		n[i] = len(a.Values)
	}
	return n
}
