// Command go-session calls a method over the session /glia/0.1.0 of go-libp2p.
//
//	go-session [-deadline 30s] MULTIADDR /ww/0.1.0/PEER/PID/METHOD < message > reply
//
// It ends with the exit code of the program if that has exited, and with 1 after another failure, whose code it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"

	"glia/e2e/clients/go-session/session"
)

func main() {
	deadline := flag.Duration("deadline", 5*time.Minute, "time for the call")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: go-session [-deadline 30s] MULTIADDR METHOD-ADDRESS < message > reply")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *deadline)
	defer cancel()
	if err := call(ctx, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		failure := &session.Error{}
		if errors.As(err, &failure) && failure.ExitCode != nil && *failure.ExitCode&0xff != 0 {
			os.Exit(int(*failure.ExitCode & 0xff))
		}
		os.Exit(1)
	}
}

func call(ctx context.Context, to, method string) error {
	at, err := peer.AddrInfoFromString(to)
	if err != nil {
		return err
	}
	// Without addresses to listen on go-libp2p dials no relays, unless it is told to.
	h, err := libp2p.New(libp2p.NoListenAddrs, libp2p.EnableRelay())
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Connect(ctx, *at); err != nil {
		return err
	}
	s, err := session.Dial(ctx, h, at.ID)
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := s.Open(ctx, method, session.Head{})
	if err != nil {
		return err
	}
	go func() {
		if _, err := io.Copy(c, os.Stdin); err != nil && !errors.Is(err, session.ErrStopped) {
			c.Close() // Half a message must not pass for a whole one.
			return
		}
		c.CloseWrite()
	}()
	_, err = io.Copy(os.Stdout, c)
	return err
}
