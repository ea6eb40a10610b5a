package lessons

import "testing"

func TestPointsOfDataTeacherAndStudents(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	l, err := open("scenes", "smoke", "go")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	picture, table, err := l.Points()
	drawn(t, picture, err)
	if len(picture.Panels) != 5 || len(table.Rows) != 5 {
		t.Errorf("%d panels and %d rows, want data, three of the teacher and a student", len(picture.Panels), len(table.Rows))
	}
}
