// A native peer for the tests: go-libp2p as it comes. It calls a process of Glia in ways that programs do, and in ways that
// careless programs do. It prints a line for each, and ends with an error at the first that is not as it should be.
//
//	client -to MULTIADDR -call /ww/0.1.0/PEER/PID/METHOD bulk=67108864 slow=4194304 cancel=20 unread=3 leave=1 calls=1000
//
// The method has to send back what it gets, and for exits=10 it has to exit with another code than 0 then.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// client calls one method of one peer.
type client struct {
	host   host.Host
	peer   peer.ID
	method protocol.ID
}

var ways = map[string]func(c client, n int) error{
	"bulk":   client.bulk,
	"slow":   client.slow,
	"cancel": client.cancel,
	"leave":  client.leave,
	"unread": client.unread,
	"calls":  client.calls,
	"exits":  client.exits,
}

func main() {
	log.SetFlags(0)
	to := flag.String("to", "", "multiaddr of the peer, with its id")
	call := flag.String("call", "", "address of a method that echoes")
	flag.Parse()
	at, err := peer.AddrInfoFromString(*to)
	if err != nil {
		log.Fatal(err)
	}
	// Without addresses to listen on go-libp2p dials no relays, unless it is told to.
	h, err := libp2p.New(libp2p.NoListenAddrs, libp2p.EnableRelay())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := h.Connect(ctx, *at); err != nil {
		log.Fatal(err)
	}
	c := client{h, at.ID, protocol.ID(*call)}
	for _, arg := range flag.Args() {
		name, count, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(count)
		way := ways[name]
		if err != nil || way == nil {
			log.Fatalf("%s: there is no such way to call", arg)
		}
		began := time.Now()
		if err := way(c, n); err != nil {
			log.Fatalf("%s: %v", arg, err)
		}
		fmt.Printf("%s ok in %v\n", arg, time.Since(began).Round(time.Millisecond))
	}
}

// open begins a call: plain NewStream, with nothing about relays in its context.
func (c client) open() (network.Stream, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return c.host.NewStream(ctx, c.peer, c.method)
}

// ask sends a message and reads the reply.
func (c client) ask(message []byte) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	defer s.Reset()
	sent := make(chan error, 1)
	go func() { sent <- send(s, message) }()
	return errors.Join(expect(s, message), <-sent)
}

func send(s network.Stream, message []byte) error {
	if _, err := s.Write(message); err != nil {
		return err
	}
	return s.CloseWrite()
}

// expect reads a whole reply, which has to be the message.
func expect(r io.Reader, message []byte) error {
	reply, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("after %d bytes: %w", len(reply), err)
	}
	if !bytes.Equal(reply, message) {
		return fmt.Errorf("the reply of %d bytes is not the message of %d", len(reply), len(message))
	}
	return nil
}

// bulk sends n bytes as fast as they are taken, and reads them back.
func (c client) bulk(n int) error {
	return c.ask(pattern(n))
}

// slow reads a reply of n bytes in 32 pieces with pauses between them.
func (c client) slow(n int) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	defer s.Reset()
	message := pattern(n)
	sent := make(chan error, 1)
	go func() { sent <- send(s, message) }()
	piece := make([]byte, n/32)
	for at := 0; at < n; at += len(piece) {
		time.Sleep(50 * time.Millisecond)
		if _, err := io.ReadFull(s, piece); err != nil {
			return fmt.Errorf("after %d bytes: %w", at, err)
		}
		if !bytes.Equal(piece, message[at:at+len(piece)]) {
			return fmt.Errorf("other bytes after %d", at)
		}
	}
	return errors.Join(expect(s, nil), <-sent)
}

// cancel resets n calls of 4 MiB while their reply comes, and asks after each whether the process still answers.
func (c client) cancel(n int) error {
	for range n {
		s, err := c.open()
		if err != nil {
			return err
		}
		go send(s, pattern(4<<20))
		if _, err := io.ReadFull(s, make([]byte, 100_000)); err != nil {
			return err
		}
		// What is under way fills the windows meanwhile, so that the other side waits in a write.
		time.Sleep(20 * time.Millisecond)
		s.Reset()
		if err := c.ask([]byte("still there?")); err != nil {
			return fmt.Errorf("after a cancelled call: %w", err)
		}
	}
	return nil
}

// leave makes n calls of 16 MiB and reads no reply. They are under way when the next way, or the end of the program, comes.
func (c client) leave(n int) error {
	_, err := c.unanswered(n)
	return err
}

// unread makes n calls of 16 MiB, more than all buffers on the way hold, and reads no reply, until the other side has given up all of them.
func (c client) unread(n int) error {
	sent, err := c.unanswered(n)
	if err != nil {
		return err
	}
	for range n {
		if err := <-sent; err == nil {
			return errors.New("a message was taken whole, though nobody read the reply")
		}
	}
	return nil
}

func (c client) unanswered(n int) (<-chan error, error) {
	sent := make(chan error, n)
	for range n {
		s, err := c.open()
		if err != nil {
			return nil, err
		}
		go func() { sent <- send(s, pattern(16<<20)) }()
	}
	return sent, nil
}

// exits makes n calls, the method of which writes the message as its output and exits with a code other than 0: the whole output comes
// first, and then the error.
func (c client) exits(n int) error {
	for i := range n {
		s, err := c.open()
		if err != nil {
			return err
		}
		defer s.Reset()
		message := pattern(100 << (i % 10))
		sent := make(chan error, 1)
		go func() { sent <- send(s, message) }()
		reply, err := io.ReadAll(s)
		if err == nil {
			return errors.New("a program that failed ended its reply as one that did not")
		}
		if !bytes.Equal(reply, message) {
			return fmt.Errorf("%d of %d bytes came before: %w", len(reply), len(message), err)
		}
		<-sent
	}
	return nil
}

// calls makes n small calls, 16 at a time.
func (c client) calls(n int) error {
	var group sync.WaitGroup
	results := make(chan error, n)
	places := make(chan struct{}, 16)
	for i := range n {
		places <- struct{}{}
		group.Go(func() {
			results <- c.ask(fmt.Appendf(nil, "message %d", i))
			<-places
		})
	}
	group.Wait()
	close(results)
	var failed []error
	for err := range results {
		if err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d failed, the first with: %w", len(failed), n, failed[0])
	}
	return nil
}

// pattern is a message in which a lost, doubled or swapped piece shows.
func pattern(n int) []byte {
	message := make([]byte, n)
	for i := range message {
		message[i] = byte(uint32(i) * 2654435761 >> 24)
	}
	return message
}
