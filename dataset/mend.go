package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// mended makes decodable what Pillow reads and Go's decoders refuse. Everything else comes back as it is.
func mended(format string, data []byte) []byte {
	switch format {
	case "PNG":
		return endPNG(data)
	case "JPEG":
		return markCMYK(data)
	case "BMP":
		return widenBMP(data)
	}
	return data
}

// endPNG appends the end chunk where a file stops after its pixels.
func endPNG(data []byte) []byte {
	at, pixels := 8, false
	for at+12 <= len(data) {
		next := at + 12 + int(binary.BigEndian.Uint32(data[at:]))
		kind := string(data[at+4 : at+8])
		if kind == "IEND" && next <= len(data) || next < at {
			return data
		}
		if next > len(data) {
			pixels = pixels && kind != "IDAT"
			break
		}
		pixels = pixels || kind == "IDAT"
		at = next
	}
	if !pixels {
		return data
	}
	end := append(bytes.Clone(data[:at]), 0, 0, 0, 0)
	end = append(end, "IEND"...)
	return binary.BigEndian.AppendUint32(end, crc32.ChecksumIEEE([]byte("IEND")))
}

// markCMYK gives a JPEG of four components Adobe's marker. Pillow reads it as inverted ink with the marker and without.
func markCMYK(data []byte) []byte {
	for at := 2; at+10 <= len(data) && data[at] == 0xff; {
		marker := data[at+1]
		switch {
		case marker == 0xff: // padding
			at++
			continue
		case marker == 0xee && bytes.HasPrefix(data[at+4:], []byte("Adobe")), marker == 0xda:
			return data
		case marker >= 0xc0 && marker <= 0xc2:
			if data[at+9] != 4 {
				return data
			}
			return append([]byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"), data[2:]...)
		}
		at += 2 + int(binary.BigEndian.Uint16(data[at+2:]))
	}
	return data
}

// widenBMP turns 16 bits a pixel, 5-5-5 or 5-6-5, into 24. Each channel becomes v·255/31 or v·255/63, rounded down.
func widenBMP(data []byte) []byte {
	const header = 54
	le := binary.LittleEndian
	if len(data) < header || le.Uint32(data[14:]) < 40 || le.Uint16(data[28:]) != 16 {
		return data
	}
	green, shift := 31, 10
	switch compression := le.Uint32(data[30:]); {
	case compression == 3 && len(data) >= header+12:
		switch masks := [3]uint32{le.Uint32(data[54:]), le.Uint32(data[58:]), le.Uint32(data[62:])}; masks {
		case [3]uint32{0xf800, 0x7e0, 0x1f}:
			green, shift = 63, 11
		case [3]uint32{0x7c00, 0x3e0, 0x1f}:
		default:
			return data
		}
	case compression != 0:
		return data
	}
	width, height := int(int32(le.Uint32(data[18:]))), int(int32(le.Uint32(data[22:])))
	rows := max(height, -height)
	stride := (2*width + 3) &^ 3
	start := int(le.Uint32(data[10:]))
	if width < 1 || rows < 1 || rows > maxPixels/width || start > len(data) || len(data)-start < rows*stride {
		return data
	}
	wide := bytes.Clone(data[:header])
	le.PutUint32(wide[10:], header)
	le.PutUint32(wide[14:], 40)
	le.PutUint16(wide[28:], 24)
	le.PutUint32(wide[30:], 0)
	for y := range rows {
		row := data[start+y*stride:]
		for x := range width {
			v := int(le.Uint16(row[2*x:]))
			wide = append(wide, uint8(v&31*255/31), uint8(v>>5&green*255/green), uint8(v>>shift&31*255/31))
		}
		wide = append(wide, make([]byte, (4-3*width%4)%4)...)
	}
	return wide
}
