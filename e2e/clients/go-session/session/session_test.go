package session

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
)

type vectors struct {
	Valid []struct {
		Name, Bytes string
		Frame       struct {
			Type               byte
			ID, Bytes          uint64
			Fin, Kept          bool
			Head, Data, Status string
		}
	}
	Invalid []struct{ Name, Bytes string }
}

func readVectors(t *testing.T) (v vectors) {
	text, err := os.ReadFile("../../../../src/glia/session/vectors.json")
	must(t, err)
	must(t, json.Unmarshal(text, &v))
	return v
}

func TestValidVectors(t *testing.T) {
	for _, v := range readVectors(t).Valid {
		want, err := hex.DecodeString(v.Bytes)
		must(t, err)
		e := v.Frame
		f := frame{kind: e.Type, id: e.ID, head: []byte(e.Head), body: []byte(e.Data + e.Status), count: e.Bytes}
		if e.Fin {
			f.flags = fin
		} else if e.Kept {
			f.flags = 0x40
		}
		b := f.encode()
		if got := append(binary.AppendUvarint(nil, uint64(len(b))), b...); !bytes.Equal(got, want) {
			t.Errorf("%s is encoded as %x", v.Name, got)
		}
		got, err := decode(b)
		if got.kind == credit {
			got.body = nil // Bytes behind the number mean nothing.
		}
		// A nil slice and an empty one are printed alike.
		if err != nil || fmt.Sprintf("%v", got) != fmt.Sprintf("%v", f) {
			t.Errorf("%s is decoded as %v, %v", v.Name, got, err)
		}
	}
}

func TestInvalidVectorsEndTheSession(t *testing.T) {
	a, b := hosts(t)
	Serve(b, echo)
	breaches(t, a, b.ID())
}

// breaches sends every invalid frame in a stream of its own, and frames that look odd and are allowed.
func breaches(t *testing.T, h host.Host, to peer.ID) {
	for _, v := range readVectors(t).Invalid {
		raw, _ := hex.DecodeString(v.Bytes)
		if reply, err := exchange(t, h, to, raw); !errors.Is(err, network.ErrReset) {
			t.Errorf("%s ends with %x, %v", v.Name, reply, err)
		}
	}
	// CREDIT of 0 with a byte behind it, STOP of a skipped id with FIN and a byte, and PING with an id and a byte, in this order.
	open := frame{kind: open, id: 9, flags: fin, head: []byte(`{"to":"?","TO":1}`)}.encode()
	raw := append(append([]byte{byte(len(open))}, open...), 4, credit, 0, 0, 1, 3, stop|fin, 5, 1, 3, ping|0x10, 7, 1)
	if reply, err := exchange(t, h, to, raw); !bytes.Contains(reply, []byte{2, pong, 0}) {
		t.Errorf("odd frames end with %x, %v", reply, err)
	}
}

// exchange sends bytes, and reads until the stream ends or is silent.
func exchange(t *testing.T, h host.Host, to peer.ID, raw []byte) ([]byte, error) {
	s, err := h.NewStream(t.Context(), to, Protocol)
	must(t, err)
	defer s.Reset()
	_, err = s.Write(raw)
	must(t, err)
	s.SetReadDeadline(time.Now().Add(time.Second))
	return io.ReadAll(s)
}

func TestServerThatBreaksTheProtocol(t *testing.T) {
	a, b := hosts(t)
	b.SetStreamHandler(Protocol, func(s network.Stream) {
		s.Read(make([]byte, 1))
		s.Write([]byte{5, credit, 0, 0x80, 0x80, 1})
	})
	_, err := ask(t.Context(), dial(t, a, b.ID()), "any", []byte("small"))
	wants(t, err, "ERR_PROTOCOL")
}

// TestOwnServer calls the server of this package; TestRealServer a Glia peer, if GLIA_TO and GLIA_ECHO say where.
func TestOwnServer(t *testing.T) {
	a, b := hosts(t)
	Serve(b, echo)
	calls(t, dial(t, a, b.ID()), "/own/echo")
	failures(t, dial(t, a, b.ID()))
}

func TestRealServer(t *testing.T) {
	to, address := os.Getenv("GLIA_TO"), os.Getenv("GLIA_ECHO")
	if to == "" || address == "" {
		t.Skip("no server")
	}
	a, at := hostAt(t, to, nil)
	calls(t, dial(t, a, at.ID), address)
	_, err := ask(t.Context(), dial(t, a, at.ID), strings.TrimSuffix(address, "echo")+"unknown", []byte("?"))
	wants(t, err, "ERR_NO_METHOD")
	_, err = ask(t.Context(), dial(t, a, at.ID), "?", []byte("?"))
	wants(t, err, "ERR_BAD_ADDRESS")
	breaches(t, a, at.ID)
}

// TestServe answers the calls of others through the relay at GLIA_RELAY, until its stdin ends.
func TestServe(t *testing.T) {
	relay := os.Getenv("GLIA_RELAY")
	if relay == "" {
		t.Skip("no relay")
	}
	h, at := hostAt(t, relay, echo)
	_, err := client.Reserve(t.Context(), h, at)
	must(t, err)
	fmt.Printf("serves as %s\n", h.ID())
	io.Copy(io.Discard, os.Stdin)
}

// TestRealCaller is called through the gateway of a Glia peer, at GLIA_HTTP.
func TestRealCaller(t *testing.T) {
	to, gateway := os.Getenv("GLIA_TO"), os.Getenv("GLIA_HTTP")
	if to == "" || gateway == "" {
		t.Skip("no gateway")
	}
	h, _ := hostAt(t, to, echo)
	results := make(chan error, 17)
	for i := range 17 {
		go func() {
			message := pattern(i * i * i * i * 300)
			reply, err := post(gateway, h.ID(), "echo", message)
			if err == nil && !bytes.Equal(reply, message) {
				err = fmt.Errorf("%d of %d bytes: %.200s", len(reply), len(message), reply)
			}
			results <- err
		}()
	}
	for range 17 {
		must(t, <-results)
	}
	for method, code := range map[string]string{"nothing": "ERR_NO_METHOD", "exit": `"exitCode":3`, "accepted": "", "new": "ERR_INTERNAL",
		"protocol": "ERR_PROTOCOL"} {
		reply, err := post(gateway, h.ID(), method, nil)
		if (err == nil) != (code == "") || !strings.Contains(string(reply), code) {
			t.Errorf("%s: %v %.200s", method, err, reply)
		}
	}
}

func post(gateway string, to peer.ID, method string, message []byte) ([]byte, error) {
	url := gateway + "/ww/0.1.0/" + to.String() + "/2JW2Pq3pVYgnsGMBnBNfnuQmGDkr/" + method
	reply, err := http.Post(url, "application/octet-stream", bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("HTTP %d", reply.StatusCode)
	}
	return text, err
}

// calls makes calls of every kind in one session.
func calls(t *testing.T, s *Session, address string) {
	bulk, err := strconv.Atoi(cmp.Or(os.Getenv("GLIA_BULK"), "67108864"))
	must(t, err)
	for _, size := range []int{0, 5, maxData, 300_000, bulk} {
		began := time.Now()
		reply, err := ask(t.Context(), s, address, pattern(size))
		if err != nil || !bytes.Equal(reply, pattern(size)) {
			t.Fatalf("%d of %d bytes, %v", len(reply), size, err)
		}
		t.Logf("%d bytes in %v", size, time.Since(began).Round(time.Millisecond))
	}
	results := make(chan error, 64)
	for i := range 64 {
		go func() {
			message := pattern(1000 * i)
			reply, err := ask(t.Context(), s, address, message)
			if err == nil && !bytes.Equal(reply, message) {
				err = errors.New("another reply")
			}
			results <- err
		}()
	}
	for range 64 {
		must(t, <-results)
	}
	for code, limit := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"ERR_ABORTED": func(c context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(c) },
		"ERR_DEADLINE": func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, 300*time.Millisecond)
		},
	} {
		ctx, cancel := limit(t.Context())
		c := s.Open(ctx, Head{To: address})
		_, err := c.Write([]byte("half"))
		must(t, err)
		if code == "ERR_ABORTED" {
			time.AfterFunc(100*time.Millisecond, cancel)
		}
		_, err = io.ReadAll(c)
		wants(t, err, code)
		cancel()
	}
	if reply, err := ask(t.Context(), s, address, []byte("still there")); string(reply) != "still there" {
		t.Error(err)
	}
}

// failures makes calls that only the server of this test understands.
func failures(t *testing.T, s *Session) {
	_, err := ask(t.Context(), s, "/own/nothing", []byte("?"))
	wants(t, err, "ERR_NO_METHOD")
	reply, err := ask(t.Context(), s, "/own/exit", pattern(1_000_000))
	wants(t, err, "ERR_EXITED")
	if e := err.(*Error); *e.ExitCode != 3 || !bytes.Equal(reply, pattern(1_000_000)) {
		t.Errorf("%d bytes came before %v", len(reply), e)
	}
	_, err = ask(t.Context(), s, "/own/accepted", nil)
	must(t, err)
	_, err = ask(t.Context(), s, "/own/new", nil)
	wants(t, err, "ERR_OF_TOMORROW")
	_, err = ask(t.Context(), s, "/own/protocol", nil)
	wants(t, err, "ERR_PROTOCOL")
	_, err = ask(t.Context(), s, "/own/"+strings.Repeat("x", maxJSON), nil)
	wants(t, err, "ERR_BAD_REQUEST")
	// The server takes 1 byte and ends: the writer is told, and the reply is whole. A reply that nobody reads holds the server.
	c := s.Open(t.Context(), Head{To: "/own/enough"})
	if n, err := c.Write(pattern(64 << 20)); err != ErrStopped || n > 2*startCredit {
		t.Errorf("%d bytes were taken, %v", n, err)
	}
	if reply, err := io.ReadAll(c); err != nil || len(reply) != 1 {
		t.Errorf("%x, %v", reply, err)
	}
	c = s.Open(t.Context(), Head{To: "/own/echo"})
	time.AfterFunc(500*time.Millisecond, func() { c.Close() })
	n, err := c.Write(pattern(64 << 20))
	wants(t, err, "ERR_ABORTED")
	if n > 3*startCredit {
		t.Errorf("%d bytes were taken though nobody read", n)
	}
	must(t, s.Close())
	// The second call comes when the end of the session is certainly known.
	for range 2 {
		_, err = ask(t.Context(), s, "/own/echo", nil)
		wants(t, err, "ERR_UNREACHABLE")
	}
}

var waited atomic.Int64

func echo(c *Call) error {
	three := int64(3)
	switch "/own/" + path.Base(c.Head.To) {
	case "/own/nothing":
		return &Error{Code: "ERR_NO_METHOD", Message: "There is no such method."}
	case "/own/new":
		return &Error{Code: "ERR_OF_TOMORROW", Message: "New."}
	case "/own/wait":
		<-c.Ctx.Done()
		waited.Add(1)
	case "/own/waited":
		_, err := fmt.Fprint(c, waited.Load())
		return err
	case "/own/enough":
		_, err := io.CopyN(c, c, 1)
		return err
	case "/own/protocol":
		return &Error{Code: "ERR_PROTOCOL", Message: "A breach elsewhere."}
	case "/own/accepted":
		return &Error{Code: "ERR_EXITED", ExitCode: &three, Accepted: true}
	case "/own/exit":
		io.Copy(c, c)
		return &Error{Code: "ERR_EXITED", ExitCode: &three}
	}
	_, err := io.Copy(c, c)
	return err
}

func ask(ctx context.Context, s *Session, address string, message []byte) ([]byte, error) {
	c := s.Open(ctx, Head{To: address})
	defer c.Close()
	go func() {
		c.Write(message)
		c.CloseWrite()
	}()
	return io.ReadAll(c)
}

func hosts(t *testing.T) (a, b host.Host) {
	for _, h := range []*host.Host{&a, &b} {
		made, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
		must(t, err)
		t.Cleanup(func() { made.Close() })
		*h = made
	}
	must(t, a.Connect(t.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}))
	return a, b
}

// hostAt makes a host that is connected to the peer of a multiaddr. With a handler it serves calls: before it connects, because
// a relay looks at the protocols of a peer.
func hostAt(t *testing.T, to string, handle func(*Call) error) (host.Host, peer.AddrInfo) {
	at, err := peer.AddrInfoFromString(to)
	must(t, err)
	h, _ := hosts(t)
	if handle != nil {
		Serve(h, handle)
	}
	must(t, h.Connect(t.Context(), *at))
	return h, *at
}

func dial(t *testing.T, h host.Host, to peer.ID) *Session {
	s, err := Dial(t.Context(), h, to)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err error, code string) {
	t.Helper()
	if e := (&Error{}); !errors.As(err, &e) || e.Code != code {
		t.Errorf("it ended with %v, not %s", err, code)
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(uint32(i) * 2654435761 >> 24)
	}
	return b
}
