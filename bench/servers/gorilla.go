// gorilla/websocket in the idiom of its examples, a goroutine for each connection.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/gorilla/websocket"
)

type settings struct {
	Compression string `json:"compression"`
	TLS         *struct {
		Cert string `json:"cert"`
		Key  string `json:"key"`
	} `json:"tls"`
}

var (
	upgrader    = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	lock        sync.Mutex
	subscribers = map[*websocket.Conn]bool{}
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func endpoint(serve func(*websocket.Conn)) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		connection, err := upgrader.Upgrade(response, request, nil)
		if err != nil {
			return
		}
		defer connection.Close()
		serve(connection)
	}
}

func echo(connection *websocket.Conn) {
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil || connection.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func subscribe(connection *websocket.Conn) {
	lock.Lock()
	subscribers[connection] = true
	lock.Unlock()
	for {
		if _, _, err := connection.ReadMessage(); err != nil {
			break
		}
	}
	lock.Lock()
	delete(subscribers, connection)
	lock.Unlock()
}

func publish(connection *websocket.Conn) {
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		prepared, err := websocket.NewPreparedMessage(kind, message)
		check(err)
		lock.Lock()
		for subscriber := range subscribers {
			_ = subscriber.WritePreparedMessage(prepared)
		}
		lock.Unlock()
	}
}

func main() {
	var given settings
	check(json.Unmarshal([]byte(os.Args[1]), &given))
	upgrader.EnableCompression = given.Compression != ""
	http.HandleFunc("/echo", endpoint(echo))
	http.HandleFunc("/subscribe", endpoint(subscribe))
	http.HandleFunc("/broadcast", endpoint(publish))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Printf("{\"kind\":\"listening\",\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	// Standard input ends with the benchmark, and we with it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if given.TLS != nil {
		check(http.ServeTLS(listener, nil, given.TLS.Cert, given.TLS.Key))
	}
	check(http.Serve(listener, nil))
}
