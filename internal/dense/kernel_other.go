//go:build !amd64

package dense

func available() []kernel { return []kernel{plain} }
