package weights

import (
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"
)

// tinyStore holds a teacher of two variables, a student, a teacher's namesake and a step counter.
func tinyStore(t *testing.T) *model.Store {
	t.Helper()
	store := model.NewStore()
	for path, value := range map[string]any{
		"/teacher/down_blocks/0/conv/weight": [][]float32{{1, 2, 3}, {4, 5, 6}},
		"/teacher/scale":                     float32(7),
		"/teacher/step":                      int64(8),
		"/teacher2/scale":                    float32(9),
		"/student/scale":                     float32(10),
		"/global_step":                       int64(11),
	} {
		if _, err := store.CreateVariable(path, tensors.MustFromAnyValue(value)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func tinyTeacher() *File {
	return &File{Tensors: map[string]Tensor{
		"down_blocks.0.conv.weight": {Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}},
		"scale":                     {Data: []float32{7}},
	}}
}

func TestFromStoreTakesFloatsBelowTheScope(t *testing.T) {
	for _, scope := range []string{"/teacher", "teacher", "/teacher/"} {
		got, err := FromStore(tinyStore(t), scope)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tinyTeacher(), got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", scope, diff)
		}
	}
}

func TestFromStoreOfTheRootNamesTheScopes(t *testing.T) {
	got, err := FromStore(tinyStore(t), "/")
	if err != nil {
		t.Fatal(err)
	}
	if got.Tensors["student.scale"].Data[0] != 10 || len(got.Tensors) != 4 {
		t.Errorf("got %v", got.Tensors)
	}
}

func TestFromStoreWantsFloat32(t *testing.T) {
	store := model.NewStore()
	for path, value := range map[string]*tensors.Tensor{
		"/m/empty": tensors.FromFlatDataAndDimensions([]float32{}, 0, 2),
		"/n/f64":   tensors.FromFlatDataAndDimensions([]float64{.5, -2}, 2),
	} {
		if _, err := store.CreateVariable(path, value); err != nil {
			t.Fatal(err)
		}
	}
	got, err := FromStore(store, "/m")
	if err != nil {
		t.Fatal(err)
	}
	want := &File{Tensors: map[string]Tensor{"empty": {Shape: []int{0, 2}, Data: []float32{}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = FromStore(store, "/n")
	checkError(t, err, `variable "/n/f64"`)
}

func TestFromStoreCopies(t *testing.T) {
	store := tinyStore(t)
	f, err := FromStore(store, "/teacher")
	if err != nil {
		t.Fatal(err)
	}
	f.Tensors["scale"].Data[0] = 99
	if got := store.GetVariable("/teacher/scale").MustValue().Value(); got != float32(7) {
		t.Errorf("the store changed with the copy: %v", got)
	}
}

func TestIntoCreatesAndSets(t *testing.T) {
	for reason, store := range map[string]*model.Store{"creates": model.NewStore(), "sets": tinyStore(t)} {
		t.Run(reason, func(t *testing.T) {
			f := tinyTeacher()
			f.Tensors["scale"].Data[0] = 70
			if err := Into(store, "/teacher", f); err != nil {
				t.Fatal(err)
			}
			got, err := FromStore(store, "/teacher")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if err := Check(store, "/teacher", f); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestIntoRefusesWithoutChange(t *testing.T) {
	for _, c := range []struct {
		reason, name string
		tensor       Tensor
		want         string
	}{
		{"another shape", "scale", Tensor{[]int{1}, []float32{1}}, `tensor "scale": shape = [1], want []`},
		{"an integer variable", "step", Tensor{nil, []float32{1}}, `variable "/teacher/step": dtype = Int64`},
		{"an empty part", "a..b", Tensor{nil, []float32{1}}, `tensor = "a..b"`},
		{"a slash would be a second dot", "a/b", Tensor{nil, []float32{1}}, `tensor = "a/b"`},
		{"too few values", "z", Tensor{[]int{2}, []float32{1}}, `tensor "z": has 1 values`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			store := tinyStore(t)
			f := &File{Tensors: map[string]Tensor{"down_blocks.0.conv.weight": {[]int{2, 3}, make([]float32, 6)}, c.name: c.tensor}}
			checkError(t, Into(store, "/teacher", f), c.want)
			got, err := FromStore(store, "/teacher")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tinyTeacher(), got); diff != "" {
				t.Errorf("store changed (-want +got)\n%s", diff)
			}
		})
	}
}

func TestNamesWithDotsAreRefused(t *testing.T) {
	store := model.NewStore()
	if _, err := store.CreateVariable("/m/a.b", tensors.MustFromAnyValue(float32(1))); err != nil {
		t.Fatal(err)
	}
	_, err := FromStore(store, "/m")
	checkError(t, err, `variable = "/m/a.b"`)
}

func TestCheckListsWhatDiffers(t *testing.T) {
	f := &File{Tensors: map[string]Tensor{"scale": {[]int{1}, []float32{1}}}}
	for _, name := range []string{"u1", "u2", "u3", "u4", "u5"} {
		f.Tensors[name] = Tensor{nil, []float32{1}}
	}
	err := Check(tinyStore(t), "/teacher", f)
	checkError(t, err, `2 variables of "/teacher": 1 missing (down_blocks.0.conv.weight), 1 of another shape (scale [1], want []), 5 unexpected (u1; u2; u3; u4; …)`)
}

func TestNameAndPathAreInverse(t *testing.T) {
	for _, c := range []struct{ scope, path, name string }{
		{"/teacher", "/teacher/a/0/b", "a.0.b"},
		{"/", "/teacher/a", "teacher.a"},
		{"/a/b", "/a/b/c", "c"},
	} {
		name, err := Name(c.scope, c.path)
		if err != nil || name != c.name {
			t.Errorf("Name(%q, %q) = %q, %v", c.scope, c.path, name, err)
		}
		path, err := Path(c.scope, c.name)
		if err != nil || path != c.path {
			t.Errorf("Path(%q, %q) = %q, %v", c.scope, c.name, path, err)
		}
	}
	_, err := Name("/teacher", "/teacher2/a")
	checkError(t, err, `want a path below "/teacher"`)
}
