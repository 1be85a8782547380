// Command hrm-scale answers puzzles with many processes and machines, from a queue.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/scale/queue"
	"github.com/hrmgo/hrm/solver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hrm-scale:", err)
		os.Exit(2)
	}
}

// flags are those of every subcommand.
type flags struct {
	nats, creds, ca string
	store           string
	queue.Options
	server queue.Server
}

func newRoot() *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use:   "hrm-scale",
		Short: "Answer puzzles with many processes and machines, from a queue",
		Long: `hrm-scale puts puzzles into a queue of NATS JetStream, answers them with any number
of workers, and writes the answers in order, each exactly once.

Without --nats the queue is in a folder: whichever of the commands runs first serves
it to the others, and when that ends another takes its place. With --nats the same
commands work on any NATS server or cluster.`,
		Example: `  hrm-scale push puzzles.csv
  hrm-scale work
  hrm-scale pull puzzles -o answers.jsonl
  hrm-scale status --watch`,
		SilenceErrors: true, SilenceUsage: true,
	}
	p := root.PersistentFlags()
	p.StringVar(&f.nats, "nats", os.Getenv("HRM_SCALE_NATS"), "`URL` of a NATS server, several with commas (default a server of its own in --store)")
	p.StringVar(&f.creds, "creds", "", "`FILE` of NATS credentials")
	p.StringVar(&f.ca, "tls-ca", "", "`FILE` of the authority of the server's certificate")
	p.StringVar(&f.Domain, "domain", "", "`NAME` of the JetStream domain of the queue, when --nats is a leaf node")
	p.StringVar(&f.store, "store", "hrm-queue", "`FOLDER` of the queue without --nats")
	p.StringVar(&f.Name, "queue", "hrm", "`NAME` of the queue")
	p.IntVar(&f.Replicas, "replicas", 1, "copies of the queue in a cluster")
	p.Int64Var(&f.MaxBytes, "max-bytes", 0, "`BYTES` of waiting puzzles at most, while which push waits (default the server's limit)")
	root.AddCommand(newServe(&f), newPush(&f), newWork(&f), newPull(&f), newStatus(&f))
	return root
}

// open connects to the queue.
func (f *flags) open(ctx context.Context) (q *queue.Queue, end func(), err error) {
	url, wait := f.nats, func() {}
	local, stop := context.WithCancel(context.WithoutCancel(ctx))
	if url == "" {
		f.server.Folder = f.store
		if url, wait, err = f.server.Local(local); err != nil {
			stop()
			return nil, nil, err
		}
	}
	options := []nats.Option{nats.Name("hrm-scale"), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond), nats.RetryOnFailedConnect(true), nats.Timeout(2 * time.Second),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2)} // a server that is cut off says nothing
	if f.creds != "" {
		options = append(options, nats.UserCredentials(f.creds))
	}
	if f.ca != "" {
		options = append(options, nats.RootCAs(f.ca))
	}
	conn, err := nats.Connect(url, options...)
	if err == nil {
		if q, err = queue.Open(ctx, conn, f.Options); err != nil && conn.IsClosed() {
			err = errors.Join(conn.LastError(), err) // why it is closed
		}
	}
	end = func() {
		if conn != nil {
			conn.Close()
		}
		stop()
		wait()
	}
	if err != nil {
		end()
		return nil, nil, fmt.Errorf("%s: %w", url, err)
	}
	return q, end, nil
}

func newPush(f *flags) *cobra.Command {
	var job string
	var size int
	cmd := &cobra.Command{
		Use: "push FILE", Short: "Put the puzzles of a file into the queue", Args: cobra.ExactArgs(1),
		Long: `Put the puzzles of a file, in any form that hrm solve reads, into the queue as a job.
To push the same file again goes on where it was cut short, and puts nothing twice.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if job == "" {
				var err error
				if job, err = jobOf(args[0]); err != nil {
					return err
				}
			}
			puzzles, failed := puzzlesOf(args[0])
			q, end, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			defer end()
			j, err := q.Push(cmd.Context(), job, size, puzzles, nil)
			if err = errors.Join(*failed, err); err != nil {
				return fmt.Errorf("job %s after %d puzzles: %w", job, j.Puzzles, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d puzzles in %d batches\n", j.Name, j.Puzzles, j.Batches)
			return nil
		},
	}
	cmd.Flags().StringVar(&job, "job", "", "`NAME` of the job (default the sha256 of the file)")
	cmd.Flags().IntVar(&size, "batch", 64, "puzzles of a batch")
	return cmd
}

// jobOf names a job after what is in its file.
func jobOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// puzzlesOf yields the puzzles of a file. What is no puzzle is one with an error.
func puzzlesOf(path string) (iter.Seq[queue.Puzzle], *error) {
	var failed error
	return func(yield func(queue.Puzzle) bool) {
		r, err := puzzle.Open(path, nil)
		if err != nil {
			failed = err
			return
		}
		defer r.Close()
		for {
			p, err := r.Next()
			var bad *puzzle.Error
			switch {
			case err == io.EOF:
				return
			case errors.As(err, &bad):
				if !yield(queue.Puzzle{Error: err.Error()}) {
					return
				}
				continue
			case err != nil:
				failed = err
				return
			}
			if !yield(queue.Lines(r.Task(), &p)) {
				return
			}
		}
	}, &failed
}

func newWork(f *flags) *cobra.Command {
	var model string
	var restarts int
	w := &queue.Worker{}
	cmd := &cobra.Command{
		Use: "work", Short: "Answer puzzles of the queue, until a signal", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := hrm.Open(model)
			if err != nil {
				return err
			}
			defer s.Close()
			restarts = restartsOf(restarts, s)
			// Of a number of attempts, not of a time: then an answer is the same everywhere.
			w.Solver = s.With(hrm.Options{Attempts: restarts + 1, TimeLimit: -1})
			w.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			if w.Name == "" {
				host, _ := os.Hostname()
				w.Name = fmt.Sprintf("%s-%d", filepath.Base(host), os.Getpid())
			}
			q, end, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			defer end()
			return q.Work(cmd.Context(), w)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&model, "model", "m", "sudoku", "`FILE` or name of the model")
	fl.IntVar(&restarts, "restarts", -1, restartsUsage)
	fl.IntVar(&w.InFlight, "in-flight", 2, "batches at once")
	fl.IntVar(&w.Tries, "tries", 50, "how often a batch is taken up before it is given up")
	fl.DurationVar(&w.Patience, "patience", 30*time.Second, "how long a worker may be silent before another gets its batch")
	fl.DurationVar(&w.Idle, "idle", 0, "end when nothing came for so long (default never)")
	fl.StringVar(&w.Name, "name", "", "`NAME` in hrm-scale status (default the host and the process)")
	return cmd
}

const restartsUsage = "further attempts for a puzzle whose answer is not accepted (default those of hrm solve)"

// restartsOf returns how many there are; below 0 means the default.
func restartsOf(n int, s *hrm.Solver) int {
	if n < 0 {
		return solver.DefaultAttempts(s.Task) - 1
	}
	return n
}

func newPull(f *flags) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "pull JOB -o FILE", Short: "Write the answers of a job in order, each exactly once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.OpenFile(out, os.O_RDWR|os.O_CREATE, 0o644)
			if err != nil {
				return err
			}
			defer file.Close()
			q, end, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			defer end()
			j, err := q.Pull(cmd.Context(), args[0], file, nil)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d answers in %s\n", j.Name, j.Puzzles, out)
			}
			return errors.Join(err, file.Close())
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write; what is there is gone on with")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func newStatus(f *flags) *cobra.Command {
	var watch, asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Say what the queue holds, and who works on it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, end, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			defer end()
			for {
				s, err := q.Status(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					err = json.NewEncoder(cmd.OutOrStdout()).Encode(s)
				} else {
					err = printStatus(cmd.OutOrStdout(), s)
				}
				if err != nil || !watch {
					return err
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(2 * time.Second):
				}
			}
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "say it again every two seconds")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// printStatus prints what the queue holds, and how long it is likely to take.
func printStatus(out io.Writer, s *queue.Status) error {
	rate := 0.0
	for _, w := range s.Workers {
		rate += w.Rate
	}
	left, size := "nobody works", 64.0
	for _, j := range s.Jobs {
		size = float64(j.Size)
	}
	if rate > 0 {
		left = time.Duration(float64(s.Waiting+uint64(s.UnderWay)) * size / rate * float64(time.Second)).Round(time.Second).String()
	}
	fmt.Fprintf(out, "batches: %d wait, %d under way, %d done, %d with puzzles that have no answer\n", s.Waiting, s.UnderWay, s.Done, s.Dead)
	for _, j := range s.Jobs {
		fmt.Fprintf(out, "job %s: %d puzzles in batches of %d, whole: %v\n", j.Name, j.Puzzles, j.Size, j.Whole)
	}
	for _, w := range s.Workers {
		fmt.Fprintf(out, "worker %s: %d puzzles, %.1f a second\n", w.Name, w.Puzzles, w.Rate)
	}
	_, err := fmt.Fprintf(out, "%d workers, %.1f puzzles a second, time left: %s\n", len(s.Workers), rate, left)
	return err
}
