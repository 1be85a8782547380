package browsers

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// most is how many browsers have a user of their own; further ones share.
const most = 256

// user is what a browser connects with.
type user struct {
	Name     string `json:"name"` // of the worker
	User     string `json:"user"`
	Password string `json:"pass"`
	Inbox    string `json:"inbox"` // prefix of the subjects of its replies
}

func newUser(i int) user {
	id := fmt.Sprint("browser-", i)
	return user{"web." + id, id, rand.Text(), "_INBOX_" + id + "_" + rand.Text()}
}

// Permissions are those of a browser: it may take batches, store answers, say that it
// lives, and acknowledge what it was given. It may not put batches into the queue, read
// or delete what is stored, or see what others get.
func Permissions(queue, worker, inbox string) *server.Permissions {
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			"$JS.API.CONSUMER.INFO." + queue + "-work.workers",
			"$JS.API.CONSUMER.MSG.NEXT." + queue + "-work.workers",
			queue + ".done.*.*",
			queue + ".dead.*.*",
			"$KV." + queue + "-workers." + worker,
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{inbox + ".>"}},
		// To the subjects at which messages that it got want their replies: any number
		// of signs that it thinks, and the acknowledgement.
		Response: &server.ResponsePermission{MaxMsgs: -1, Expires: 24 * time.Hour},
	}
}

// only returns the one kind of connection that a user may use.
func only(kind string) map[string]struct{} { return map[string]struct{}{kind: {}} }

// local is the user of whoever reaches the server without a name, if its configuration
// asks for none, and operator that of this process.
const (
	local    = "local"
	operator = "hrm-scale"
)

// Change gives a server the users of the browsers and a WebSocket listener for them.
// It is for queue.Server.
func (s *Site) Change(o *server.Options) error {
	if o.Websocket.Port != 0 || len(o.Accounts) > 0 || len(o.TrustedOperators) > 0 || o.AuthCallout != nil {
		return errors.New("the server's configuration has WebSocket, accounts or operators: a page for browsers makes its own, leave one of them out")
	}
	if len(o.Users) == 0 && len(o.Nkeys) == 0 && o.Username == "" && o.Authorization == "" {
		o.NoAuthUser = local
		o.Users = append(o.Users, &server.User{Username: local, Password: rand.Text(), AllowedConnectionTypes: only("STANDARD")})
	}
	if o.Username != "" || o.Authorization != "" {
		return errors.New("the server's configuration has one user or token for all: a page for browsers needs a list of users")
	}
	o.Users = append(o.Users, &server.User{Username: operator, Password: s.password, AllowedConnectionTypes: only("STANDARD")})
	for _, u := range s.users {
		o.Users = append(o.Users, &server.User{
			Username: u.User, Password: u.Password, AllowedConnectionTypes: only("WEBSOCKET"),
			Permissions: Permissions(s.queue, u.Name, u.Inbox),
		})
	}
	o.Websocket = server.WebsocketOpts{Host: "127.0.0.1", Port: s.port, NoTLS: true, Compression: true}
	return nil
}
