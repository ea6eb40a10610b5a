package wheel

import "testing"

func TestComplaints(t *testing.T) {
	for _, c := range []struct{ why, out, want string }{
		{"pip", "WARNING: retrying\nERROR: no version\nERROR: No matching distribution found\n[notice] a new pip\n", "ERROR: No matching distribution found"},
		{"another program", "first\n\nlast\n", "last"},
		{"silence", "", "it says nothing"},
	} {
		if got := complaint(c.out); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestPipsAddress(t *testing.T) {
	for _, c := range []struct {
		why, config, want string
		local             bool
	}{
		{"nothing said", "", "https://pypi.org/simple/", false},
		{"an index", "global.index-url='https://mirror/simple'\n", "https://mirror/simple", false},
		{"the environment before files", ":env:.index-url='https://a/'\nglobal.index-url='https://b/'\n", "https://a/", false},
		{"a proxy before the index", "global.index-url='https://b/'\nglobal.proxy='proxy:3128'\n", "http://proxy:3128", false},
		{"a folder of wheels", ":env:.find-links='/opt/wheels'\n", "https://pypi.org/simple/", true},
		{"a setting of another command", "install.index-url='https://b/'\n", "https://pypi.org/simple/", false},
		{"several indexes are pip's affair", "global.extra-index-url='https://b/'\n", "", false},
		{"no index at all", "global.no-index='true'\n", "", false},
	} {
		if got, local := pipAddress(c.config); got != c.want || local != c.local {
			t.Errorf("%s: %q, %v, want %q, %v", c.why, got, local, c.want, c.local)
		}
	}
}
