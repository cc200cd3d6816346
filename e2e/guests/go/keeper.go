// Keeps what it is told: a goroutine that lives as long as the instance has the notes, on a heap that is collected, and
// a file under /tmp stays open.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

type request struct {
	text  string
	reply chan string
}

var requests = make(chan request)

func keep() {
	file, err := os.OpenFile("/tmp/notes", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		panic(err)
	}
	var newest []string
	places := map[string]int{}
	for asked := range requests {
		if asked.text != "" {
			places[asked.text] = len(newest)
			newest = append(newest, asked.text)
			if _, err := file.WriteString(asked.text); err != nil {
				panic(err)
			}
		}
		var reply strings.Builder
		fmt.Fprint(&reply, len(newest))
		for i := len(newest) - 1; i >= 0; i-- {
			if places[newest[i]] != i {
				panic("a note is in the wrong place")
			}
			fmt.Fprint(&reply, " ", newest[i])
		}
		kept, err := io.ReadAll(io.NewSectionReader(file, 0, 1024))
		if err != nil {
			panic(err)
		}
		runtime.GC()
		asked.reply <- fmt.Sprintf("%s | %s", reply.String(), kept)
	}
}

func init() { go keep() }

// Keeps the message, and replies with the number of notes, all of them with the newest first, and the file.
//
//go:wasmexport note
func note() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	reply := make(chan string)
	requests <- request{string(text), reply}
	fmt.Print(<-reply)
}

// Changes what it keeps, and fails.
//
//go:wasmexport trap
func trap() {
	reply := make(chan string)
	requests <- request{"lost", reply}
	<-reply
	panic("lost")
}

func main() {}
