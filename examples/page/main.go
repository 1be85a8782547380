// Command page serves the demo page under a path of a web server of your own: the model
// thinks in the visitor's browser, and the server sends files only.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/wasm/npm"
)

func main() {
	address := flag.String("address", "localhost:8000", "HOST:PORT to listen on")
	flag.Parse()
	handler, err := site()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/puzzles/\n", *address)
	server := &http.Server{Addr: *address, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// site has a page of its own at / and the models' page below /puzzles/.
func site() (http.Handler, error) {
	puzzles, err := npm.Handler(npm.Files, embedded.Models)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/puzzles/", http.StripPrefix("/puzzles", puzzles))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `<!doctype html><title>My site</title><a href="/puzzles/">Puzzles</a>`)
	})
	return mux, nil
}
