// A native peer for the tests that browsers reach without a relay: it listens for WebRTC, prints its address, and sends back
// what comes on any address of its own. It ends when its stdin does.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
)

func main() {
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/webrtc-direct"))
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	own := fmt.Sprintf("/ww/0.1.0/%s/", h.ID())
	isOwn := func(id protocol.ID) bool { return strings.HasPrefix(string(id), own) }
	h.SetStreamHandlerMatch(protocol.ID(own), isOwn, func(s network.Stream) {
		if _, err := io.Copy(s, s); err != nil {
			s.Reset()
			return
		}
		// CloseWrite alone keeps the number of the stream taken here. Browsers give it to a later stream, which ends the connection.
		s.Close()
	})
	for _, addr := range h.Addrs() {
		fmt.Printf("%s/p2p/%s\n", addr, h.ID())
	}
	io.Copy(io.Discard, os.Stdin)
}
