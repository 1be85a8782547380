package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// inside says that this program runs in namespaces of its own.
const inside = "HRM_SCALE_INSIDE"

// within runs the test again in namespaces of its own, and reports false there. Where
// there are none for this user the test is left out.
func within(t *testing.T, kinds string) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return false
	}
	kinds += "pf" // with all its processes the test ends
	if out, err := exec.Command("unshare", kinds, "--mount-proc", "true").CombinedOutput(); err != nil {
		t.Skipf("no namespaces here: unshare %s: %v %s", kinds, err, out)
	}
	cmd := exec.Command("unshare", kinds, "--mount-proc", "--kill-child", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "14m")
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("inside:\n%s", out)
	if err != nil {
		t.Error(err)
	}
	return true
}

// shell runs commands that must work.
func shell(t *testing.T, lines string) {
	t.Helper()
	if out, err := exec.Command("sh", "-ec", lines).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", lines, err, out)
	}
}

// running is a command that a test started.
type running struct {
	cmd *exec.Cmd
	out *bytes.Buffer
}

// launch starts hrm-scale, in the network namespace of a process where one is given.
func launch(t *testing.T, ns int, args ...string) *running {
	t.Helper()
	cmd, out := process(args...)
	if ns != 0 {
		cmd.Args = append([]string{"nsenter", "-t", strconv.Itoa(ns), "-n"}, cmd.Args...)
		cmd.Path, _ = exec.LookPath("nsenter")
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &running{cmd, out}
}

// end ends it by a signal, or with 0 waits until it ends by itself, without an error.
func (r *running) end(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if signal != 0 {
		_ = r.cmd.Process.Signal(signal)
	}
	late := time.AfterFunc(3*time.Minute, func() {
		t.Errorf("%q does not end: where it is follows", r.cmd.Args)
		_ = r.cmd.Process.Signal(syscall.SIGQUIT)
	})
	defer late.Stop()
	if err := r.cmd.Wait(); err != nil && signal != syscall.SIGKILL {
		t.Errorf("%q: %v: %s", r.cmd.Args, err, r.out)
	}
}

// The disk of the folder is full while puzzles are pushed and answered: when there is
// room again everything goes on by itself, and each puzzle has its answer once.
func TestFullDisk(t *testing.T) {
	if within(t, "-rm") {
		return
	}
	disk := t.TempDir()
	shell(t, "mount -t tmpfs -o size=6m tmpfs "+disk)
	defer func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) }()
	path, puzzles := sudokus(t, 8000)
	store, ballast, out, model := filepath.Join(disk, "queue"), filepath.Join(disk, "ballast"), filepath.Join(t.TempDir(), "answers.jsonl"), tinyModel(t)
	server := launch(t, 0, "serve", "--store", store)
	port := portOf(t, store)
	shell(t, "head -c 5500000 /dev/zero > "+ballast)
	url := "nats://127.0.0.1:" + port
	push := launch(t, 0, "push", path, "--nats", url, "--job", "much")
	worker := launch(t, 0, "work", "--nats", url, "--restarts", "0", "-m", model)
	time.Sleep(8 * time.Second)
	var state syscall.Statfs_t
	_ = syscall.Statfs(disk, &state)
	t.Logf("%d bytes are left", state.Bavail*uint64(state.Bsize))
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	push.end(t, 0)
	pull := launch(t, 0, "pull", "much", "--nats", url, "-o", out)
	pull.end(t, 0)
	t.Logf("%v after there was room all was answered", time.Since(began).Round(100*time.Millisecond))
	worker.end(t, syscall.SIGTERM)
	checkAnswers(t, out, puzzles)
	t.Log(scale(t, "status", "--nats", url))
	server.end(t, syscall.SIGTERM)
	t.Log(server.out)
}

// cluster is three servers, each in a network namespace of its own, on a bridge in the
// namespace of the test.
type cluster struct {
	ns      [3]int // a process in each
	stores  [3]string
	configs [3]string
	servers [3]*running
	holders [3]*exec.Cmd
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{}
	shell(t, "ip link set lo up; ip link add br0 type bridge; ip addr add 10.77.0.254/24 dev br0; ip link set br0 up")
	for i := range c.ns {
		holder := exec.Command("unshare", "-n", "sh", "-c", "echo there; exec sleep 1000")
		pipe, err := holder.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := holder.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = pipe.Read(make([]byte, 10)) // until it is in its namespace
		c.holders[i], c.ns[i] = holder, holder.Process.Pid
		shell(t, fmt.Sprintf(`ip link add v%[1]d type veth peer name eth0 netns %[2]d; ip link set v%[1]d master br0 up
			nsenter -t %[2]d -n sh -ec "ip link set lo up; ip addr add 10.77.0.%[3]d/24 dev eth0; ip link set eth0 up"`, i, c.ns[i], i+1))
		c.stores[i], c.configs[i] = filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "server.conf")
		text := fmt.Sprintf("server_name: s%d\nping_interval: 2s\ncluster { name: hrm, listen: \"10.77.0.%d:6222\", ping_interval: 2s, routes: [nats://10.77.0.1:6222, nats://10.77.0.2:6222, nats://10.77.0.3:6222] }\n", i, i+1)
		if err := os.WriteFile(c.configs[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.start(t, i)
	}
	return c
}

func (c *cluster) start(t *testing.T, i int) {
	c.servers[i] = launch(t, c.ns[i], "serve", "--store", c.stores[i], "--server-config", c.configs[i], "--host", fmt.Sprintf("10.77.0.%d", i+1), "--port", "4222")
}

func (c *cluster) kill(t *testing.T, i int) { c.servers[i].end(t, syscall.SIGKILL) }

// link cuts server i off, and what runs beside it, or joins it again.
func (c *cluster) link(t *testing.T, i int, state string) {
	shell(t, fmt.Sprintf("ip link set v%d %s", i, state))
}

func (c *cluster) end(t *testing.T) {
	for i, s := range c.servers {
		s.end(t, syscall.SIGTERM)
		_ = c.holders[i].Process.Kill()
		_ = c.holders[i].Wait()
	}
}

// Of a cluster of three that holds three copies of the queue one server is killed, one
// is cut off together with a worker, and then both at once, so that no majority is
// left: each puzzle has its answer once. HRM_LONG=1 does it with ten times the puzzles
// and longer.
func TestPartition(t *testing.T) {
	if within(t, "-rn") {
		return
	}
	n, away := 1000, 12*time.Second
	if os.Getenv("HRM_LONG") != "" {
		n, away = 10000, 40*time.Second
	}
	c := newCluster(t)
	model := tinyModel(t)
	at := []string{"--nats", "nats://10.77.0.1:4222,nats://10.77.0.2:4222,nats://10.77.0.3:4222", "--replicas", "3"}
	work := append([]string{"work", "--restarts", "0", "-m", model, "--patience", "3s"}, at...)
	workers := []*running{launch(t, 0, append(work, "--name", "one")...), launch(t, 0, append(work, "--name", "two")...), launch(t, c.ns[2], append(work, "--name", "cut")...)}
	path, puzzles := sudokus(t, n)
	// during does something to the cluster while a job is pushed and answered.
	during := func(job string, fault, repair func()) {
		began := time.Now()
		push := launch(t, 0, append([]string{"push", path, "--job", job, "--batch", "8"}, at...)...)
		time.Sleep(time.Second)
		fault()
		time.Sleep(away)
		repair()
		if push.end(t, 0); t.Failed() {
			t.FailNow() // pull would wait for the rest
		}
		out := filepath.Join(t.TempDir(), job+".jsonl")
		launch(t, 0, append([]string{"pull", job, "-o", out}, at...)...).end(t, 0)
		checkAnswers(t, out, puzzles)
		t.Logf("%s: %d puzzles, %v", job, n, time.Since(began).Round(time.Second))
	}
	none := func() {}
	during("none", none, none)
	during("killed", func() { c.kill(t, 0) }, func() { c.start(t, 0) })
	during("cut", func() { c.link(t, 2, "down") }, func() { c.link(t, 2, "up") })
	during("both", func() { c.link(t, 2, "down"); c.kill(t, 1) }, func() { c.link(t, 2, "up"); c.start(t, 1) })
	t.Log(scale(t, append([]string{"status"}, at...)...))
	for _, w := range workers {
		w.end(t, syscall.SIGTERM)
		t.Log(w.out)
	}
	c.end(t)
}
