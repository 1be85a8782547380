// Command client sends puzzles to a running hrm serve, and prints its answers:
//
//	hrm serve &
//	go run ./examples/client -url http://localhost:8080
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"
)

func main() {
	url := flag.String("url", "http://localhost:8080", "address of hrm serve")
	flag.Parse()
	puzzles := flag.Args()
	if len(puzzles) == 0 {
		puzzles = []string{"53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79", "no sudoku"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	results, err := solve(ctx, *url, puzzles)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		if r.Error != "" {
			fmt.Println("error:", r.Error)
			continue
		}
		fmt.Println(r.Answer, r.Valid)
	}
}

// result is what a client needs of an answer; hrm help serve lists all there is.
type result struct {
	Answer string `json:"answer"`
	Valid  bool   `json:"valid"`
	Error  string `json:"error"`
}

// solve asks the service, which answers in the order of the puzzles.
func solve(ctx context.Context, url string, puzzles []string) ([]result, error) {
	body, err := json.Marshal(map[string]any{"puzzles": puzzles})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/solve", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return nil, fmt.Errorf("%s: %s", response.Status, text)
	}
	var answer struct{ Results []result }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	return answer.Results, nil
}
