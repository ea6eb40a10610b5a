// Package pictures lists sets of pictures and decodes them at their own size, as Pillow's Image.open(…).convert("RGB") does, which
// the usual evaluation tools are built on.
//
//	set, err := pictures.Open(ctx, "folder", pictures.Options{})
//	content, err := set.Items[0].Read() // its hash, format and size; no pixels yet
//	rgb, err := content.Decode()
//
// A set is a folder with all folders below it, WebDataset shards, parquet files, or a split of the built-in world.
package pictures
