// A site in Go: `files` serves a folder as http.FileServer does, `clean` as a handler does that cleans paths by itself.
// Both answer /headers with the names and values of the request's header fields.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"path"
)

func main() {
	address := flag.String("address", "", "where to listen")
	root := flag.String("root", "", "the folder")
	mode := flag.String("mode", "files", "files or clean")
	flag.Parse()
	files := http.FileServer(http.Dir(*root))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/headers":
			for name, values := range r.Header {
				for _, value := range values {
					fmt.Fprintf(w, "%s=%s\n", name, value)
				}
			}
		case *mode == "files":
			files.ServeHTTP(w, r)
		default:
			body, err := os.ReadFile(*root + path.Clean("/"+r.URL.Path))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			w.Write(body)
		}
	})
	log.Fatal(http.ListenAndServe(*address, handler))
}
