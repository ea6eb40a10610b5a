package dataset

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a world of scenes tells through Labelled is what its scenes and captions say.
func TestLabelsOfScenes(t *testing.T) {
	world := &Scenes{Config: DefaultScenes()}
	attributes := world.Attributes()
	if diff := cmp.Diff(AttributeClasses, Classes(attributes)); diff != "" {
		t.Errorf("classes (-constant +of the attributes):\n%s", diff)
	}
	for _, split := range world.Splits() {
		labels := world.Labels(split)
		for i := range 20 {
			scene, caption, stated := world.Split(split).Scene(i)
			shows, got := scene.Attributes(), labels.Facts(i)
			want := Facts{Caption: caption, Shows: shows[:], States: stated[:], Open: got.Open}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s %d (-scene +facts):\n%s", split, i, diff)
			}
			for a, open := range got.Open {
				if open != (shows[a] >= 0 && stated[a] < 0) {
					t.Errorf("%s %d: %s open: %v, shows %d, states %d", split, i, attributes[a].Name, open, shows[a], stated[a])
				}
			}
			if !cmp.Equal(labels.Picture(i), scene.Draw(world.Config.Size)) {
				t.Errorf("%s %d: another picture", split, i)
			}
		}
	}
}
