package pretrain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/internal/tinyworld"
)

// wide is a world with an attribute of more values than are probed for, before the others.
type wide struct{ *dataset.Scenes }

func (w wide) Attributes() []dataset.Attribute {
	names := dataset.Attribute{Name: "number", Values: strings.Split(strings.Repeat(" ", probedValues), " ")}
	return append([]dataset.Attribute{names}, w.Scenes.Attributes()...)
}

func (w wide) Labels(split string) dataset.LabelledSource { return wideSource{w.Scenes.Split(split)} }

type wideSource struct{ dataset.SceneSource }

func (s wideSource) Facts(i int) dataset.Facts {
	f := s.SceneSource.Facts(i)
	f.Shows = append([]int{i}, f.Shows...)
	return f
}

func TestWideAttributesAreNotProbed(t *testing.T) {
	world := tinyworld.New()
	attributes, split := probed(wide{world})
	if diff := cmp.Diff(world.Attributes(), attributes); diff != "" {
		t.Errorf("attributes (-narrow +probed):\n%s", diff)
	}
	if diff := cmp.Diff(world.Labels("train").Facts(3).Shows, split("train").Facts(3).Shows); diff != "" {
		t.Errorf("shows (-narrow +probed):\n%s", diff)
	}
}

// The classes of a world's attributes are part of the classifier; those of scenes go without saying, as in bundles before.
func TestClassesFollowTheWorld(t *testing.T) {
	for name, c := range map[string]struct {
		data dataset.Dataset
		want []int
	}{
		"scenes": {tinyworld.New(), nil},
		"wide":   {wide{tinyworld.New()}, append([]int{probedValues + 1}, dataset.AttributeClasses...)},
		"album":  {tinyworld.Album(20), nil},
	} {
		trainer := &Trainer{Config: tinyConfig(1), Data: c.data}
		if err := trainer.Prepare(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, trainer.Config.Networks.Classes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
