package npm

import (
	"embed"
	"io/fs"
)

//go:embed queue
var queue embed.FS

// QueuePage is the page with which a browser works for a queue; hrm-scale serves it
// beside the library of Files. `node wasm/build/nats.mjs` makes its nats.js.
func QueuePage() fs.FS {
	page, err := fs.Sub(queue, "queue")
	if err != nil { // the name is no path
		panic(err)
	}
	return page
}
