package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrStopped is the error of a write that the other side does not want: it reads no more, or this side has ended its writing.
var ErrStopped = errors.New("nothing more of this call is read")

// Call is one call, at either end. Read and Write may be used at the same time.
type Call struct {
	Head Head
	Peer peer.ID // the other side

	s       *Session
	id      uint64 // 0 until OPEN is sent
	ctx     context.Context
	cancel  context.CancelFunc
	changed *sync.Cond

	in      bytes.Buffer
	inLeft  int // credit that the other side has
	freed   int // read, and not yet given as credit
	begun   bool
	inDone  bool // FIN has come
	stopped bool // STOP was sent
	outLeft uint64
	outDone bool // FIN was sent, or STOP has come
	over    bool
	err     error
}

// Open begins a call. The session sends it with the first Write or CloseWrite, because a server waits 10 s for a message.
// The call is given up when ctx ends; a deadline of ctx, or of the head, is told to the server.
func (s *Session) Open(ctx context.Context, address string, head Head) (*Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	if s.handler != nil {
		return nil, &Error{Code: "ERR_BAD_REQUEST", Message: "This session is for calls of the other side."}
	}
	head.To = address
	return s.newCall(ctx, head), nil
}

func (s *Session) newCall(ctx context.Context, head Head) *Call {
	c := &Call{Head: head, Peer: s.stream.Conn().RemotePeer(), s: s, changed: sync.NewCond(&s.mu), inLeft: startCredit, outLeft: startCredit}
	if ms := min(head.DeadlineMs, 1<<40); ms > 0 {
		c.ctx, c.cancel = context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	} else {
		c.ctx, c.cancel = context.WithCancel(ctx)
	}
	context.AfterFunc(c.ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if errors.Is(c.ctx.Err(), context.DeadlineExceeded) {
			c.fail(&Error{Code: "ERR_DEADLINE", Message: "The time for the call is over."})
		} else {
			c.fail(&Error{Code: "ERR_ABORTED", Message: "The caller gave up."})
		}
	})
	return c
}

// Read reads what the other side sends. It returns an *Error when the call has failed.
func (c *Call) Read(p []byte) (int, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	for c.in.Len() == 0 {
		if c.err != nil {
			return 0, c.err
		}
		if c.inDone || c.stopped {
			return 0, io.EOF
		}
		c.changed.Wait()
	}
	n, _ := c.in.Read(p)
	if c.freed += n; c.freed >= creditEvery && !c.inDone && !c.over {
		c.s.queue(frame{kind: credit, id: c.id, count: uint64(c.freed)})
		c.inLeft, c.freed = c.inLeft+c.freed, 0
	}
	return n, nil
}

// Write returns when all of p may be sent: it waits for the credit of the call and for the window of the session.
func (c *Call) Write(p []byte) (int, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	return c.write(p, false)
}

// CloseWrite ends what this side sends.
func (c *Call) CloseWrite() error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	_, err := c.write(nil, true)
	return err
}

// Close gives up what is left of the call: the other side reads ERR_ABORTED.
func (c *Call) Close() error {
	c.cancel()
	return nil
}

func (c *Call) write(p []byte, end bool) (n int, err error) {
	s := c.s
	for {
		if s.err != nil {
			c.finish(s.err)
		}
		if c.err != nil {
			return n, c.err
		}
		if c.outDone && end {
			return n, nil
		} else if c.outDone {
			return n, ErrStopped
		}
		if len(p) > 0 && c.outLeft == 0 {
			c.changed.Wait()
			continue
		}
		if s.unacked+maxFrame > window {
			s.room.Wait()
			continue
		}
		f := frame{kind: data, id: c.id}
		size := min(len(p), maxData, int(min(c.outLeft, maxData)))
		if c.id == 0 {
			if err := c.open(&f); err != nil {
				c.finish(err)
				continue
			}
			size = min(size, maxData-len(f.head))
		}
		f.body, f.fin = p[:size], end && size == len(p)
		s.queue(f)
		n, p = n+size, p[size:]
		c.outLeft -= uint64(size)
		c.outDone = f.fin
		c.settle()
		if len(p) == 0 {
			return n, nil
		}
	}
}

// open makes f the OPEN of the call, with the time that is left now.
func (c *Call) open(f *frame) error {
	head := c.Head
	if at, ok := c.ctx.Deadline(); ok {
		head.DeadlineMs = max(1, time.Until(at).Milliseconds())
	}
	b, err := json.Marshal(head)
	if err != nil || len(b) > maxJSON {
		return &Error{Code: "ERR_BAD_REQUEST", Message: "The head of the call is too long."}
	}
	c.s.last++
	c.id = c.s.last
	c.s.calls[c.id] = c
	f.kind, f.id, f.head = open, c.id, b
	return nil
}

func (c *Call) take(f frame) error {
	switch f.kind {
	case open, data:
		if c.inDone || len(f.body) > c.inLeft {
			return errBreach
		}
		c.inLeft -= len(f.body)
		c.begun = c.begun || f.fin || len(f.body) > 0
		c.inDone = f.fin
		if !c.stopped {
			c.in.Write(f.body)
		}
	case credit:
		if c.outLeft += f.count; c.outLeft >= maxCredit {
			return errBreach
		}
	case stop:
		c.outDone = true
		c.s.room.Broadcast()
	case fail:
		e, err := decodeError(f.body)
		if err != nil {
			return err
		}
		if c.s.handler != nil || e.ExitCode == nil {
			c.finish(e)
			return nil
		}
		// The reply stands before the exit.
		kept := bytes.Clone(c.in.Bytes())
		if c.finish(e); e.Accepted {
			c.err, c.inDone, c.outDone = nil, true, true
		}
		c.in.Write(kept)
	}
	c.settle()
	c.changed.Broadcast()
	return nil
}

// stopReading tells the other side that nothing more of it is read.
func (c *Call) stopReading() {
	if !c.over && !c.inDone {
		c.s.queue(frame{kind: stop, id: c.id})
		c.stopped = true
		c.settle()
	}
}

// settle takes leave of a call whose directions have both ended. What has come can still be read.
func (c *Call) settle() {
	if !c.over && c.outDone && (c.inDone || c.stopped) {
		c.finish(nil)
	}
}

// fail ends a call that is not over, and tells the other side.
func (c *Call) fail(err error) {
	e := &Error{}
	if !errors.As(err, &e) {
		e = &Error{Code: "ERR_INTERNAL", Message: err.Error()}
	}
	if !c.over && c.id != 0 && c.s.err == nil {
		c.s.queue(frame{kind: fail, id: c.id, body: e.encode()})
	}
	c.finish(e)
}

// finish ends the call at this side, with err if it has failed.
func (c *Call) finish(err error) {
	if c.over {
		return
	}
	c.over = true
	if err != nil {
		c.err = err
		c.in.Reset()
	}
	delete(c.s.calls, c.id)
	c.cancel()
	c.changed.Broadcast()
	c.s.room.Broadcast()
}
