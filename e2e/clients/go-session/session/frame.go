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
	"unicode/utf16"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/peer"
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

// decode reads a frame. Its parts are parts of b. Bytes behind the payload are ignored, as the specification wants.
func decode(b []byte) (f frame, err error) {
	f.kind, f.fin = kind(b[0]&0x0f), b[0]&fin != 0
	if f.id, f.body, err = varint(b[1:]); err != nil {
		return f, err
	}
	switch {
	case f.kind == ping || f.kind == pong:
		return frame{kind: f.kind}, nil
	case f.kind == credit:
		f.count, f.body, err = varint(f.body)
		f.body = nil
	case f.kind < open || f.kind > pong || f.id == 0:
		err = errBreach
	case f.kind == open:
		size, rest, bad := varint(f.body)
		if bad != nil || size > uint64(min(maxJSON, len(rest))) {
			return f, errBreach
		}
		f.head, f.body = rest[:size], rest[size:]
	}
	return f, err
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

// decodeHead takes keys as they are written: json.Unmarshal alone would take "TO" for "to".
func decodeHead(b []byte) (h Head, err error) {
	err = decodeObject(b, map[string]any{"to": &h.To, "deadlineMs": &h.DeadlineMs, "expectedBytes": &h.ExpectedBytes,
		"trace": &h.Trace, "client": &h.Client, "chain": &h.Chain, "for": &h.For}, "to")
	if h.DeadlineMs < 0 || h.ExpectedBytes < 0 || len(h.Chain) > 64 || len(h.For) > 64 || units(h.Trace) > 128 || units(h.Client) > 64 ||
		slices.ContainsFunc(h.Chain, func(link string) bool { return units(link) > 128 }) ||
		slices.ContainsFunc(h.For, noPeer) {
		err = errBreach
	}
	return h, err
}

func noPeer(id string) bool {
	_, err := peer.Decode(id)
	return err != nil
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// decodeObject reads the keys that are known, and needs those that are required.
func decodeObject(b []byte, known map[string]any, required ...string) error {
	var keys map[string]json.RawMessage
	if !utf8.Valid(b) || json.Unmarshal(b, &keys) != nil {
		return errBreach
	}
	for key, into := range known {
		value, ok := keys[key]
		if !ok && slices.Contains(required, key) || ok && (string(value) == "null" || json.Unmarshal(value, into) != nil) {
			return errBreach
		}
	}
	return nil
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

var codes = strings.Fields(`ERR_BAD_ADDRESS ERR_BAD_REQUEST ERR_DENIED ERR_NO_PROC ERR_NO_METHOD ERR_MESSAGE_TOO_LARGE
	ERR_REPLY_TOO_LARGE ERR_MAILBOX_FULL ERR_ABORTED ERR_TRAPPED ERR_EXITED ERR_FAILED ERR_OUT_OF_MEMORY ERR_START ERR_PROC_STOPPED
	ERR_LIVE_LIMIT ERR_STORAGE ERR_UNREACHABLE ERR_RESET ERR_NO_READER ERR_PROTOCOL ERR_DEADLINE ERR_CYCLE ERR_INTERNAL`)

func decodeError(b []byte) (*Error, error) {
	e, accepted := &Error{}, any(nil)
	err := decodeObject(b, map[string]any{"code": &e.Code, "message": &e.Message, "exactly": &e.Exactly, "exitCode": &e.ExitCode,
		"accepted": &accepted}, "code", "message")
	if err != nil || e.ExitCode != nil && (*e.ExitCode < -1<<31 || *e.ExitCode >= 1<<32) {
		return nil, errBreach
	}
	e.Accepted = accepted == true
	for _, code := range []string{e.Exactly, e.Code, "ERR_INTERNAL"} {
		if slices.Contains(codes, code) {
			e.Code = code
			break
		}
	}
	return e, nil
}

// encode has the code for peers that do not know the exact one.
func (e *Error) encode() []byte {
	sent := *e
	if e.Code == "ERR_NO_READER" || e.Code == "ERR_PROTOCOL" {
		sent.Code, sent.Exactly = "ERR_RESET", e.Code
	}
	sent.Message = strings.ToValidUTF8(e.Message[:min(len(e.Message), 1000)], "")
	b, _ := json.Marshal(sent)
	return b
}
