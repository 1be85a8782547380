// Command mdlint holds the project's documents to their form, see package markdown.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/hrmgo/hrm/internal/markdown"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	flags := flag.NewFlagSet("markdown", flag.ExitOnError)
	write := flags.Bool("w", false, "wrap paragraphs and lists anew")
	flags.Parse(args)
	names, err := markdown.Documents(os.DirFS("."))
	if err == nil && *write {
		err = rewrite(names)
	}
	var problems []string
	if err == nil {
		problems, err = markdown.Check(os.DirFS("."), names)
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "markdown:", err)
		return 2
	}
	return min(len(problems), 1)
}

func rewrite(names []string) error {
	for _, name := range names {
		document, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if formatted := markdown.Format(string(document)); formatted != string(document) {
			if err := os.WriteFile(name, []byte(formatted), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
