package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

func Example() {
	handler, err := site()
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	for _, path := range []string{"/", "/puzzles/", "/puzzles/maze.hrm"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(path, response.StatusCode, strings.Contains(string(body), "<title>"), err)
	}
	// Output:
	// / 200 true <nil>
	// /puzzles/ 200 true <nil>
	// /puzzles/maze.hrm 200 false <nil>
}
