package main

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/native/service"
)

func Example() {
	s, err := hrm.Open("sudoku")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	handler, err := service.New([]service.Model{{Name: "sudoku", Solver: s.Solver}}, service.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler) // as hrm serve does
	defer server.Close()
	results, err := solve(context.Background(), server.URL, []string{
		"53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79",
		"no sudoku",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(results[0].Answer, results[0].Valid)
	fmt.Println(results[1].Valid, results[1].Error != "")
	// Output:
	// 534678912672195348198342567859761423426853791713924856961537284287419635345286179 true
	// false true
}
