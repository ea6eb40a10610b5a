// Package npy reads and writes NumPy's arrays: .npy, and .npz, a zip archive of them. Numbers of every width and byte order are
// read as the type that the caller asks for; arrays of Python objects, which would run code, are refused. Of pickles only dictionaries of
// arrays are read; nothing in them is run.
//
//	a, err := npy.ReadFile[float32]("features.npy") // a.Shape = [n d]
package npy
