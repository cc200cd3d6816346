package session

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	window      = 262_144 // of the session, in the direction in which this side sends
	ackEvery    = 16_384
	startCredit = 262_144
	maxCredit   = 1 << 40
	creditEvery = 32_768
	maxCalls    = 256
	maxControl  = 8_192
	pingAfter   = 3 * time.Second
	lostAfter   = 8 * time.Second
	beginWithin = 10 * time.Second
)

// Handler answers a call: it looks at Head.To, and whether Peer and all of Head.For may call that. The reply ends when it returns nil; an error fails the call, with its code if it is an *Error.
// The context ends with the call.
type Handler func(ctx context.Context, call *Call) error

// Session is one stream with its calls.
type Session struct {
	stream  network.Stream
	handler Handler // nil at the side that calls
	heard   atomic.Int64
	done    chan struct{}

	mu       sync.Mutex
	room     *sync.Cond // The window may have room, or a call that waits for it is over.
	work     *sync.Cond // There is something to write.
	calls    map[uint64]*Call
	last     uint64 // the greatest id of a call
	out      []byte // frames for the writer
	control  int    // frames in out that do not wait for the window
	unacked  int
	received int // since the last acknowledgement
	err      *Error
}

// Dial opens a session with a peer, which has to be connected or to have known addresses.
func Dial(ctx context.Context, h host.Host, to peer.ID) (*Session, error) {
	stream, err := h.NewStream(network.WithAllowLimitedConn(ctx, "glia"), to, Protocol)
	if err != nil {
		return nil, &Error{Code: "ERR_UNREACHABLE", Message: err.Error()}
	}
	return start(stream, nil), nil
}

// Serve answers the sessions that other peers open.
func Serve(h host.Host, handle Handler) {
	h.SetStreamHandler(Protocol, func(stream network.Stream) { start(stream, handle) })
}

func start(stream network.Stream, handle Handler) *Session {
	s := &Session{stream: stream, handler: handle, calls: map[uint64]*Call{}, done: make(chan struct{})}
	s.room, s.work = sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	s.heard.Store(time.Now().UnixNano())
	go s.readFrames()
	go s.writeFrames()
	go s.watch()
	return s
}

// Done is closed when the session is over.
func (s *Session) Done() <-chan struct{} { return s.done }

// Close ends the session and all its calls.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end("ERR_UNREACHABLE", "The session was closed.")
	return nil
}

// end needs mu, like every method below that says nothing about it.
func (s *Session) end(code, message string) {
	if s.err != nil {
		return
	}
	s.err = &Error{Code: code, Message: message}
	for _, c := range s.calls {
		c.finish(s.err)
	}
	s.work.Broadcast()
	close(s.done)
	go s.stream.Reset() // It may wait for the connection.
}

// watch locks mu.
func (s *Session) watch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		quiet := time.Since(time.Unix(0, s.heard.Load()))
		switch {
		case len(s.calls) == 0:
			s.heard.Store(time.Now().UnixNano()) // Silence is counted from the first call on.
		case quiet >= lostAfter:
			s.end("ERR_UNREACHABLE", "The peer has been silent for too long.")
		case quiet >= pingAfter:
			s.queue(frame{kind: ping})
		}
		s.mu.Unlock()
	}
}

func (s *Session) queue(f frame) {
	b := f.encode()
	s.out = append(binary.AppendUvarint(s.out, uint64(len(b))), b...)
	if f.waits() {
		s.unacked += len(b)
	} else if s.control++; s.control > maxControl {
		s.end("ERR_UNREACHABLE", "The peer does not read.")
	}
	s.work.Signal()
}

// writeFrames locks mu.
func (s *Session) writeFrames() {
	var batch []byte
	for {
		s.mu.Lock()
		for len(s.out) == 0 && s.err == nil {
			s.work.Wait()
		}
		batch, s.out, s.control = s.out, batch[:0], 0
		over := s.err != nil
		s.mu.Unlock()
		if over {
			return
		}
		if _, err := s.stream.Write(batch); err != nil {
			s.mu.Lock()
			s.end("ERR_UNREACHABLE", err.Error())
			s.mu.Unlock()
		}
	}
}

// life is the stream, with a note of when it brought a byte.
type life struct{ *Session }

func (l life) Read(p []byte) (int, error) {
	n, err := l.stream.Read(p)
	if n > 0 {
		l.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

// readFrames locks mu.
func (s *Session) readFrames() {
	r, buf := bufio.NewReaderSize(life{s}, 65_536), make([]byte, maxFrame)
	for {
		b, err := readFrame(r, buf)
		s.mu.Lock()
		if err == nil && s.err == nil {
			err = s.take(b)
		}
		if errors.Is(err, errBreach) {
			s.end("ERR_PROTOCOL", "The peer broke the protocol.")
		} else if err != nil {
			s.end("ERR_UNREACHABLE", err.Error())
		}
		over := s.err != nil
		s.mu.Unlock()
		if over {
			return
		}
	}
}

func (s *Session) take(b []byte) error {
	f, err := decode(b)
	if err != nil {
		return err
	}
	if f.waits() {
		if s.received += len(b); s.received >= ackEvery {
			s.queue(frame{kind: credit, count: uint64(s.received)})
			s.received = 0
		}
	}
	switch {
	case f.kind == ping:
		s.queue(frame{kind: pong})
	case f.kind == pong:
	case f.kind == open:
		return s.accept(f)
	case f.id == 0: // CREDIT
		if f.count > uint64(s.unacked) {
			return errBreach
		}
		s.unacked -= int(f.count)
		s.room.Broadcast()
	case f.id > s.last:
		return errBreach
	default:
		if c := s.calls[f.id]; c != nil {
			return c.take(f)
		}
	}
	return nil
}

func (s *Session) accept(f frame) error {
	if s.handler == nil || f.id <= s.last {
		return errBreach
	}
	s.last = f.id
	head, err := decodeHead(f.head)
	if err != nil {
		return err
	}
	c := s.newCall(context.Background(), head)
	c.id = f.id
	if len(s.calls) >= maxCalls {
		c.fail(&Error{Code: "ERR_MAILBOX_FULL", Message: "Too many calls are under way."})
		return nil
	} else if len(head.Chain) > 32 {
		c.fail(&Error{Code: "ERR_CYCLE", Message: "Too many processes wait for this call."})
		return nil
	}
	s.calls[c.id] = c
	time.AfterFunc(beginWithin, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !c.begun {
			c.fail(&Error{Code: "ERR_DEADLINE", Message: "The message did not begin in time."})
		}
	})
	go func() {
		err := s.handler(c.ctx, c)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil {
			_, err = c.write(nil, true)
		}
		if err == nil {
			c.stopReading()
		} else {
			c.fail(err)
		}
	}()
	return c.take(f)
}
