// Package weights reads and writes network weights as safetensors files and moves them in and out of a GoMLX store.
//
// Tensors keep the names and layouts of PyTorch: the variable "/teacher/down_blocks/0/conv/weight" is the tensor
// "down_blocks.0.conv.weight" of the scope "/teacher". Values are float32 in memory whatever the file holds.
//
//	f, err := weights.Read("teacher.safetensors")
//	...
//	err = weights.Into(store, "/teacher", f)
//
// Reading is strict: a file that is cut short, has gaps or overlaps, or claims more than it holds is an error that names
// the file and the tensor. Writing is atomic and deterministic: equal tensors give equal bytes, those of Python's
// safetensors.
//
// ReadAny, HeaderAny and EachAny also read what PyTorch's torch.save wrote, and ReadPersistent what NVIDIA's torch_utils.persistence wrote, without running what
// such a file could hold.
//
// The format: 8 bytes little-endian length n, n bytes of JSON {"name": {"dtype", "shape", "data_offsets"}, …,
// "__metadata__": {…}}, then the tensors' bytes (https://github.com/huggingface/safetensors).
package weights
