package dataset

import "strconv"

var (
	_ Labelled       = (*Scenes)(nil)
	_ LabelledSource = SceneSource{}
)

// Attributes implements Labelled.
func (s *Scenes) Attributes() []Attribute {
	var count, backgrounds, colors []string
	for n := range MaxSlots {
		count = append(count, strconv.Itoa(n+1))
	}
	for _, b := range Backgrounds {
		backgrounds = append(backgrounds, b.Name)
	}
	for _, c := range Colors {
		colors = append(colors, c.Name)
	}
	values := [][]string{count, {Alone: "alone", Row: "row", Column: "column"}, backgrounds}
	for range MaxSlots {
		values = append(values, Shapes, colors, Sizes)
	}
	attributes := make([]Attribute, len(AttributeNames))
	for i, name := range AttributeNames {
		attributes[i] = Attribute{name, values[i]}
	}
	return attributes
}

// Splits implements Labelled.
func (s *Scenes) Splits() []string { return []string{"train", "heldout", "stated", "novel", "all"} }

// Labels implements Labelled.
func (s *Scenes) Labels(split string) LabelledSource { return s.Split(split) }

// Picture implements LabelledSource.
func (s SceneSource) Picture(i int) Image {
	scene, _, _ := s.Scene(i)
	return scene.Draw(s.scenes.Config.Size)
}

// Facts implements LabelledSource.
func (s SceneSource) Facts(i int) Facts {
	scene, caption, stated := s.Scene(i)
	shows := scene.Attributes()
	f := Facts{Caption: caption, Shows: shows[:], States: stated[:], Open: make([]bool, len(stated))}
	for a := range stated {
		f.Open[a] = stated.LeavesOpen(a)
	}
	return f
}
