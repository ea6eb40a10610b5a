package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// do carries out one instruction.
func (m *machine) do(op byte) error {
	switch op {
	case 0x80: // PROTO
		_, err := m.take(1)
		return err
	case 0x95: // FRAME
		_, err := m.take(8)
		return err
	case '(':
		m.push(mark{})
	case '}':
		m.push(Dict{})
	case ')':
		m.push(tuple{})
	case 'N':
		m.push(nil)
	case 0x88, 0x89:
		m.push(op == 0x88)
	case 't':
		return m.pushed(m.popMark())
	case 0x85, 0x86, 0x87:
		return m.pushed(m.popSome(int(op) - 0x84))
	case 'K', 'M', 'J', 'G':
		return m.number(op)
	case 0x8c, 'U', 'X', 'T', 0x8d, 'C', 'B', 0x8e, 0x96:
		return m.text(op)
	case 'q', 'r', 'h', 'j', 0x94:
		return m.remember(op)
	case 'c', 0x93:
		return m.global(op)
	case 's', 'u':
		return m.setItems(op)
	case 'R':
		return m.reduce()
	case 'b':
		return m.build()
	default:
		return fmt.Errorf("instruction %q, which no arrays need", op)
	}
	return nil
}

func (m *machine) pushed(t tuple, err error) error {
	if err == nil {
		m.push(t)
	}
	return err
}

func (m *machine) number(op byte) error {
	b, err := m.take(map[byte]int{'K': 1, 'M': 2, 'J': 4, 'G': 8}[op])
	if err != nil {
		return err
	}
	switch op {
	case 'K':
		m.push(int(b[0]))
	case 'M':
		m.push(int(binary.LittleEndian.Uint16(b)))
	case 'J':
		m.push(int(int32(binary.LittleEndian.Uint32(b))))
	case 'G':
		m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	return nil
}

// text reads strings and bytes.
func (m *machine) text(op byte) error {
	width := map[byte]int{0x8c: 1, 'U': 1, 'C': 1, 'X': 4, 'T': 4, 'B': 4, 0x8d: 8, 0x8e: 8, 0x96: 8}[op]
	b, err := m.sized(width)
	if err != nil {
		return err
	}
	if op == 'C' || op == 'B' || op == 0x8e || op == 0x96 {
		m.push(b)
	} else {
		m.push(string(b))
	}
	return nil
}

func (m *machine) remember(op byte) error {
	key := len(m.memo)
	if width := map[byte]int{'q': 1, 'r': 4, 'h': 1, 'j': 4}[op]; width > 0 {
		b, err := m.take(width)
		if err != nil {
			return err
		}
		key = int(binary.LittleEndian.Uint32(append(append([]byte{}, b...), make([]byte, 4-width)...)))
	}
	if op == 'h' || op == 'j' {
		v, ok := m.memo[key]
		if !ok {
			return errors.New("recalls what it never stored")
		}
		m.push(v)
		return nil
	}
	if len(m.stack) == 0 {
		return errors.New("takes from an empty stack")
	}
	m.memo[key] = m.stack[len(m.stack)-1]
	return nil
}

func (m *machine) global(op byte) error {
	if op == 'c' {
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		m.push(global(module + "." + name))
		return err
	}
	pair, err := m.popSome(2)
	if err != nil {
		return err
	}
	module, ok1 := pair[0].(string)
	name, ok2 := pair[1].(string)
	if !ok1 || !ok2 {
		return errors.New("names a class by something else than text")
	}
	m.push(global(module + "." + name))
	return nil
}

func (m *machine) setItems(op byte) error {
	var items tuple
	var err error
	if op == 'u' {
		items, err = m.popMark()
	} else {
		items, err = m.popSome(2)
	}
	if err != nil {
		return err
	}
	top, err := m.pop()
	if err != nil {
		return err
	}
	d, ok := top.(Dict)
	if !ok || len(items)%2 != 0 {
		return errors.New("sets items of what is no dictionary")
	}
	for i := 0; i < len(items); i += 2 {
		name, ok := items[i].(string)
		if !ok {
			return fmt.Errorf("key is a %T, want text", items[i])
		}
		d[name] = items[i+1]
	}
	m.push(d)
	return nil
}
