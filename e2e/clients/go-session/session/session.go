// Package session speaks /glia/0.1.0 over go-libp2p: src/glia/session/SPEC.md, without what that only recommends.
package session

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	Protocol = "/glia/0.1.0"
	// Types of frames, the flag FIN, and sizes. The window fits into that of every muxer.
	open, data, credit, stop, fail, ping, pong = 1, 2, 3, 4, 5, 6, 7
	fin, maxFrame, maxData, maxJSON            = 0x80, 16_400, 16_384, 8_192
	window, startCredit, maxCredit             = 131_072, 262_144, 1 << 40
	maxCalls, patience                         = 256, 8 * time.Second // calls of the other side; its time to take bytes
)

// Session is one stream with its calls.
type Session struct {
	stream  network.Stream
	handler func(*Call) error // nil at the side that calls
	mu      sync.Mutex        // for all below, and for the calls
	changed *sync.Cond
	calls   map[uint64]*Call
	last    uint64 // the greatest id of a call
	unacked uint64 // bytes of OPEN and DATA frames
	err     error
}

// Dial opens a session with a peer, which has to be connected or to have known addresses.
func Dial(ctx context.Context, h host.Host, to peer.ID) (*Session, error) {
	stream, err := h.NewStream(network.WithAllowLimitedConn(ctx, "glia"), to, Protocol)
	if err != nil {
		return nil, err
	}
	return start(stream, nil), nil
}

// Serve answers the sessions that other peers open. A handler looks at Head.To, and whether Call.Peer and all of Head.For may
// call that. The reply ends when it returns nil; an error fails the call, with its code if it is an *Error.
func Serve(h host.Host, handle func(*Call) error) {
	h.SetStreamHandler(Protocol, func(stream network.Stream) { start(stream, handle) })
}

func start(stream network.Stream, handle func(*Call) error) *Session {
	s := &Session{stream: stream, handler: handle, calls: map[uint64]*Call{}}
	s.changed = sync.NewCond(&s.mu)
	go s.readFrames()
	return s
}

// Close ends the session and all its calls.
func (s *Session) Close() error { return s.stream.Reset() }
func (s *Session) end(err error) {
	s.err = cmp.Or(s.err, error(asError(err, "ERR_UNREACHABLE")))
	for _, c := range s.calls {
		c.finish(s.err)
	}
	go s.stream.Reset() // It may wait for the connection.
	s.changed.Broadcast()
}

func (s *Session) send(f frame) {
	b := f.encode()
	if f.kind == open || f.kind == data {
		s.unacked += uint64(len(b))
	}
	s.stream.SetWriteDeadline(time.Now().Add(patience))
	if _, err := s.stream.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b...)); err != nil {
		s.end(err)
	}
}

func (s *Session) readFrames() {
	r, buf := bufio.NewReaderSize(s.stream, 65_536), make([]byte, maxFrame)
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.err == nil {
		s.mu.Unlock()
		size, err := binary.ReadUvarint(r)
		if err == nil && (size < 1 || size > maxFrame) {
			err = errBreach
		} else if err == nil {
			_, err = io.ReadFull(r, buf[:size])
		}
		s.mu.Lock()
		if err == nil {
			err = s.take(buf[:size])
		}
		if err != nil {
			s.end(err)
		}
		s.changed.Broadcast()
	}
}

func (s *Session) take(b []byte) error {
	f, err := decode(b)
	if err != nil {
		return err
	}
	if f.kind == open || f.kind == data {
		s.send(frame{kind: credit, count: uint64(len(b))})
	}
	switch c := s.calls[f.id]; {
	case f.kind == ping:
		s.send(frame{kind: pong})
	case f.kind == open:
		return s.accept(f)
	case f.id > s.last || f.id == 0 && f.count > s.unacked:
		return errBreach
	case f.id == 0: // CREDIT or PONG
		s.unacked -= f.count
	case c != nil:
		return c.take(f)
	}
	return nil
}

func (s *Session) accept(f frame) error {
	var head Head
	err := decodeObject(f.head, map[string]any{"to": &head.To, "deadlineMs": &head.DeadlineMs, "trace": &head.Trace, "for": &head.For}, "to")
	if err != nil || s.handler == nil || f.id <= s.last {
		return errBreach
	}
	c := s.Open(context.Background(), head)
	s.last, c.id, s.calls[f.id] = f.id, f.id, c
	if len(s.calls) > maxCalls {
		return c.fail(&Error{Code: "ERR_MAILBOX_FULL", Message: "Too many calls are under way."})
	}
	go func() {
		err := s.handler(c)
		if err == nil {
			err = c.CloseWrite()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			c.fail(err)
		} else if !c.over { // Nobody reads the rest of the message.
			s.send(frame{kind: stop, id: c.id})
			c.inDone = true
			c.finish(nil)
		}
	}()
	return c.take(f)
}

// ErrStopped is the error of a write that the other side does not want: it reads no more, or this side has ended its writing.
var ErrStopped = &Error{Code: "ERR_NO_READER", Message: "Nothing more of this call is read."}

// Call is one call, at either end. Read and Write may be used at the same time.
type Call struct {
	Head                  Head
	Peer                  peer.ID         // the other side
	Ctx                   context.Context // ends with the call
	cancel                context.CancelFunc
	s                     *Session
	id                    uint64 // 0 until OPEN is sent
	in                    bytes.Buffer
	inLeft, outLeft       uint64 // credit of the other side, and of this one
	inDone, outDone, over bool   // FIN has come; FIN was sent, or STOP has come; nothing more happens
	err                   error
}

// Open makes a call, which is given up when ctx ends. It is sent with the first Write or CloseWrite: a server waits 10 s for that.
func (s *Session) Open(ctx context.Context, head Head) *Call {
	c := &Call{Head: head, Peer: s.stream.Conn().RemotePeer(), s: s, inLeft: startCredit, outLeft: startCredit}
	if c.Ctx, c.cancel = context.WithCancel(ctx); head.DeadlineMs > 0 {
		c.Ctx, c.cancel = context.WithTimeout(ctx, time.Duration(min(head.DeadlineMs, 1<<31))*time.Millisecond)
	}
	context.AfterFunc(c.Ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		code := map[error]string{context.Canceled: "ERR_ABORTED", context.DeadlineExceeded: "ERR_DEADLINE"}[c.Ctx.Err()]
		c.fail(&Error{Code: code, Message: "The call was given up: " + c.Ctx.Err().Error() + "."})
	})
	return c
}

// Read reads what the other side sends. It returns an *Error when the call has failed.
func (c *Call) Read(p []byte) (int, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	for c.in.Len() == 0 && c.err == nil && !c.inDone {
		c.s.changed.Wait()
	}
	n, err := c.in.Read(p)
	if err == io.EOF && c.err != nil {
		err = c.err
	}
	if n > 0 && !c.inDone && !c.over {
		c.s.send(frame{kind: credit, id: c.id, count: uint64(n)})
		c.inLeft += uint64(n)
	}
	return n, err
}

// Write returns when all of p is sent: it waits for the credit of the call and for the window of the session.
func (c *Call) Write(p []byte) (int, error) { return c.write(p, false) }

// CloseWrite ends what this side sends, and Close gives up what is left of the call: the other side reads ERR_ABORTED.
func (c *Call) CloseWrite() error { _, err := c.write(nil, true); return err }
func (c *Call) Close()            { c.cancel() }

func (c *Call) write(p []byte, end bool) (n int, err error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 || end && !c.outDone {
		switch {
		case cmp.Or(c.err, s.err) != nil:
			c.finish(s.err) // The session does not know a call of which nothing was sent.
			return n, cmp.Or(c.err, s.err)
		case c.outDone:
			return n, ErrStopped
		case len(p) > 0 && c.outLeft == 0 || s.unacked+maxFrame > window:
			s.changed.Wait()
			continue
		}
		f := frame{kind: data, id: c.id}
		if c.id == 0 { // It begins now, with the time that is left.
			if at, ok := c.Ctx.Deadline(); ok {
				c.Head.DeadlineMs = max(1, time.Until(at).Milliseconds())
			}
			f.kind, f.id = open, s.last+1
			if f.head, err = json.Marshal(c.Head); err != nil || len(f.head) > maxJSON {
				c.finish(&Error{Code: "ERR_BAD_REQUEST", Message: "The head of the call is too long."})
				continue
			}
			s.last, c.id, s.calls[f.id] = f.id, f.id, c
		}
		size := min(len(p), maxData-len(f.head), int(c.outLeft))
		if f.body = p[:size]; end {
			f.flags, c.outDone = fin, true
		}
		s.send(f)
		n, p, c.outLeft = n+size, p[size:], c.outLeft-uint64(size)
		c.finish(nil)
	}
	return n, c.err
}

func (c *Call) take(f frame) error {
	switch f.kind {
	case open, data:
		if c.inDone || uint64(len(f.body)) > c.inLeft {
			return errBreach
		}
		c.in.Write(f.body)
		c.inLeft, c.inDone = c.inLeft-uint64(len(f.body)), f.flags&fin != 0
	case credit:
		if c.outLeft += f.count; c.outLeft >= maxCredit {
			return errBreach
		}
	case stop:
		c.outDone = true
	case fail:
		e, accepted := &Error{}, any(nil)
		if err := decodeObject(f.body, map[string]any{"code": &e.Code, "message": &e.Message, "exitCode": &e.ExitCode,
			"accepted": &accepted}, "code", "message"); err != nil {
			return err
		}
		if e.ExitCode == nil || c.s.handler != nil {
			c.finish(e)
		} else if c.inDone, c.outDone = true, true; accepted != true {
			c.err = e // It is read behind the reply.
		}
	}
	c.finish(nil)
	return nil
}

// fail ends a call that is not over, and tells the other side. It returns nil: the session goes on.
func (c *Call) fail(err error) error {
	e := asError(err, "ERR_INTERNAL")
	if body, _ := json.Marshal(e); !c.over && c.id != 0 {
		c.s.send(frame{kind: fail, id: c.id, body: body})
	}
	c.finish(e)
	return nil
}

// finish takes leave of a call that has failed, or whose directions have both ended. What has come can still be read.
func (c *Call) finish(err error) {
	if c.over || err == nil && !(c.inDone && c.outDone) {
		return
	}
	if c.over = true; err != nil {
		c.err = err
		c.in.Reset()
	}
	delete(c.s.calls, c.id)
	c.cancel()
	c.s.changed.Broadcast()
}

// frame is one frame of the stream, without the length before it.
type frame struct {
	kind, flags byte
	id          uint64
	head        []byte // of OPEN
	body        []byte // bytes of a message or reply, or the JSON of FAIL
	count       uint64 // of CREDIT
}

func (f frame) encode() []byte {
	b := binary.AppendUvarint([]byte{f.kind | f.flags}, f.id)
	if f.kind == open {
		b = append(binary.AppendUvarint(b, uint64(len(f.head))), f.head...)
	} else if f.kind == credit {
		return binary.AppendUvarint(b, f.count)
	}
	return append(b, f.body...)
}

var errBreach = &Error{Code: "ERR_PROTOCOL", Message: "The peer broke the protocol."}

// decode reads a frame. Its parts are parts of b.
func decode(b []byte) (f frame, err error) {
	f.kind, f.flags = b[0]&0x0f, b[0]&0xf0
	if f.id, f.body, err = varint(b[1:]); err != nil || f.kind == ping || f.kind == pong {
		return frame{kind: f.kind}, err
	}
	switch {
	case f.kind == credit:
		f.count, _, err = varint(f.body)
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
	if n < 1 || n > 7 || n > 1 && b[n-1] == 0 {
		return 0, nil, errBreach
	}
	return v, b[n:], nil
}

// Head says what is called, and for whom.
type Head struct {
	To         string   `json:"to"`
	DeadlineMs int64    `json:"deadlineMs,omitempty"`
	Trace      string   `json:"trace,omitempty"`
	For        []string `json:"for,omitempty"` // A handler has to allow each of these peers too.
}

// Error is a failure that has a code of the protocol.
type Error struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	ExitCode *int64 `json:"exitCode,omitempty"` // of a program that has exited
	Accepted bool   `json:"accepted,omitempty"` // The policy takes this exit for a success.
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// asError gives a failure without a code this one.
func asError(err error, code string) *Error {
	if e, ok := err.(*Error); ok {
		return e
	}
	return &Error{Code: code, Message: err.Error()[:min(len(err.Error()), 1000)]}
}

// decodeObject reads the known keys as they are written: json.Unmarshal would take "TO" for "to", and null for a text.
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
