// Package session speaks /glia/0.1.0 over go-libp2p: many calls over one stream, as src/glia/session/SPEC.md has it.
package session

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	Protocol = "/glia/0.1.0"

	maxFrame  = 16_400
	maxData   = 16_384
	maxJSON   = 8_192 // of a head, and of a failure
	maxVarint = 7     // bytes
	fin       = 0x80
)

type kind byte

const (
	open kind = iota + 1
	data
	credit
	stop
	fail
	ping
	pong
)

// frame is one frame of the stream, without the length before it.
type frame struct {
	kind  kind
	fin   bool
	id    uint64
	head  []byte // of OPEN
	body  []byte // bytes of a message or reply, or the JSON of FAIL
	count uint64 // of CREDIT
}

// waits says that the frame waits for the window, and is acknowledged.
func (f frame) waits() bool { return f.kind == open || f.kind == data }

func (f frame) encode() []byte {
	b := []byte{byte(f.kind)}
	if f.fin {
		b[0] |= fin
	}
	b = binary.AppendUvarint(b, f.id)
	switch f.kind {
	case open:
		b = append(binary.AppendUvarint(b, uint64(len(f.head))), f.head...)
	case credit:
		b = binary.AppendUvarint(b, f.count)
	}
	return append(b, f.body...)
}

var errBreach = errors.New("a frame that the protocol forbids")

// decode is strict in what the other side needs nothing for: short varints, no id where there is none, no bytes behind the last field.
// The parts of the frame are parts of b.
func decode(b []byte) (f frame, err error) {
	f.kind, f.fin = kind(b[0]&0x0f), b[0]&fin != 0
	if f.id, b, err = varint(b[1:]); err != nil {
		return f, err
	}
	ok := false
	switch f.kind {
	case open:
		size, rest, err := varint(b)
		if err != nil || size > uint64(min(maxJSON, len(rest))) {
			return f, errBreach
		}
		f.head, f.body = rest[:size], rest[size:]
		ok = f.id > 0
	case data:
		f.body, ok = b, f.id > 0 && len(b) <= maxData
	case credit:
		f.count, b, err = varint(b)
		ok = err == nil && len(b) == 0
	case stop:
		ok = f.id > 0 && len(b) == 0
	case fail:
		f.body, ok = b, f.id > 0 && len(b) <= maxJSON
	case ping, pong:
		ok = f.id == 0 && len(b) == 0
	}
	if !ok {
		return f, errBreach
	}
	return f, nil
}

func varint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n < 1 || n > maxVarint || n > 1 && b[n-1] == 0 {
		return 0, nil, errBreach
	}
	return v, b[n:], nil
}

// readFrame reads into buf, which has maxFrame bytes.
func readFrame(r *bufio.Reader, buf []byte) ([]byte, error) {
	n := 0
	for more := true; more; n++ {
		b, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		buf[n] = b
		more = b >= 0x80 && n < maxVarint
	}
	size, _, err := varint(buf[:n])
	if err != nil || size < 1 || size > maxFrame {
		return nil, errBreach
	}
	_, err = io.ReadFull(r, buf[:size])
	return buf[:size], err
}

// Head says what is called, and for whom.
type Head struct {
	To            string   `json:"to"`
	DeadlineMs    int64    `json:"deadlineMs,omitempty"`
	ExpectedBytes int64    `json:"expectedBytes,omitempty"`
	Trace         string   `json:"trace,omitempty"`
	Client        string   `json:"client,omitempty"`
	Chain         []string `json:"chain,omitempty"`
	For           []string `json:"for,omitempty"` // A handler has to allow each of these peers too.
}

// decodeHead takes keys as they are written; json.Unmarshal alone would take "TO" for "to".
func decodeHead(b []byte) (h Head, err error) {
	keys, err := object(b)
	if err != nil {
		return h, err
	}
	for key, into := range map[string]any{"to": &h.To, "deadlineMs": &h.DeadlineMs, "expectedBytes": &h.ExpectedBytes,
		"trace": &h.Trace, "client": &h.Client, "chain": &h.Chain, "for": &h.For} {
		if keys[key] != nil && json.Unmarshal(keys[key], into) != nil || h.DeadlineMs < 0 {
			return h, &Error{Code: "ERR_BAD_REQUEST", Message: "The head of the call has a wrong " + key + "."}
		}
	}
	if len(h.Chain) > 32 {
		return h, &Error{Code: "ERR_CYCLE", Message: "Too many processes wait for this call."}
	}
	return h, nil
}

func object(b []byte) (keys map[string]json.RawMessage, err error) {
	if !utf8.Valid(b) || json.Unmarshal(b, &keys) != nil || keys == nil {
		return nil, errBreach
	}
	return keys, nil
}

// Error is a failure that has a code of the protocol.
type Error struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Exactly  string `json:"exactly,omitempty"`  // a newer code
	ExitCode *int64 `json:"exitCode,omitempty"` // of a program that has exited
	Accepted bool   `json:"accepted,omitempty"` // The policy takes this exit for a success.
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

const codes = "ERR_BAD_ADDRESS ERR_BAD_REQUEST ERR_DENIED ERR_NO_PROC ERR_NO_METHOD ERR_MESSAGE_TOO_LARGE ERR_REPLY_TOO_LARGE " +
	"ERR_MAILBOX_FULL ERR_ABORTED ERR_TRAPPED ERR_EXITED ERR_FAILED ERR_OUT_OF_MEMORY ERR_START ERR_PROC_STOPPED ERR_LIVE_LIMIT " +
	"ERR_STORAGE ERR_UNREACHABLE ERR_RESET ERR_NO_READER ERR_PROTOCOL ERR_DEADLINE ERR_CYCLE ERR_INTERNAL"

func decodeError(b []byte) (*Error, error) {
	e := &Error{}
	if _, err := object(b); err != nil || json.Unmarshal(b, e) != nil {
		return nil, errBreach
	}
	if !slices.Contains(strings.Fields(codes), e.Code) {
		e.Code = "ERR_INTERNAL"
	}
	return e, nil
}

func (e *Error) encode() []byte {
	short := *e
	short.Message = strings.ToValidUTF8(e.Message[:min(len(e.Message), 1000)], "")
	b, _ := json.Marshal(short)
	return b
}
