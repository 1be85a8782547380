package service_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/native/service"
)

// Answer over HTTP in a program of one's own, as hrm serve does.
func Example() {
	s, err := hrm.Open("sudoku")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	handler, err := service.New([]service.Model{{Name: "sudoku", Solver: s.Solver}}, service.Options{MaxPuzzles: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	question := `{"puzzles": ["53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"]}`
	response, err := http.Post(server.URL+"/solve", "application/json", strings.NewReader(question))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, strings.Contains(string(body), `"valid":true`), err)
	// Output: 200 true <nil>
}
