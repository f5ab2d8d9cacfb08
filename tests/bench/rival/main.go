// A rival for the measurements: logging in with an OpenPGP key or a password as a plain server in Go does it. It speaks
// as much of docs/protocol/http.md as tests/bench/load asks for, and does less than Countersign must: what it encrypts is
// unsigned and says nothing, and its accounts, challenges and sessions are in memory only.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"golang.org/x/crypto/argon2"
)

const (
	maxBody        = 128 << 10
	challengeLives = 5 * time.Minute
	sessionLives   = 24 * time.Hour
)

var errRefused = errors.New("refused")

// The certificate is kept as text, as a database would keep it, and read for each use.
type account struct {
	certificate string
	salt, hash  []byte // none without a password
}

type challenge struct {
	username string
	expires  time.Time
}

type session struct {
	username         string
	created, expires time.Time
}

type server struct {
	mutex      sync.Mutex
	accounts   map[string]account
	challenges map[string]challenge // by the text that is encrypted
	sessions   map[string]session   // by token
}

func randomText() string {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		log.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(random)
}

func hashOf(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, 3, 64<<10, 4, 32)
}

func encryptTo(certificate, text string) ([]byte, error) {
	keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(certificate))
	if err != nil {
		return nil, err
	}
	var message bytes.Buffer
	armored, err := armor.Encode(&message, "PGP MESSAGE", nil)
	if err != nil {
		return nil, err
	}
	plain, err := openpgp.Encrypt(armored, keys, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(plain, text); err != nil {
		return nil, err
	}
	if err := plain.Close(); err != nil {
		return nil, err
	}
	err = armored.Close()
	return message.Bytes(), err
}

// The challenge is used up by whoever answers it rightly.
func (s *server) redeem(response []byte, certificateOf func(username string) string) (string, error) {
	block, _ := clearsign.Decode(response)
	if block == nil {
		return "", errRefused
	}
	text := strings.TrimSpace(string(block.Plaintext))
	s.mutex.Lock()
	found, ok := s.challenges[text]
	s.mutex.Unlock()
	if !ok || time.Now().After(found.expires) {
		return "", errRefused
	}
	keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(certificateOf(found.username)))
	if err != nil {
		return "", err
	}
	if _, err := openpgp.CheckDetachedSignature(keys, bytes.NewReader(block.Bytes), block.ArmoredSignature.Body, nil); err != nil {
		return "", err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.challenges[text]; !ok {
		return "", errRefused
	}
	delete(s.challenges, text)
	return found.username, nil
}

func (s *server) checkPassword(username, password string) error {
	s.mutex.Lock()
	known, ok := s.accounts[username]
	s.mutex.Unlock()
	if !ok || known.hash == nil || subtle.ConstantTimeCompare(hashOf(password, known.salt), known.hash) != 1 {
		return errRefused
	}
	return nil
}

func (s *server) certificateOf(username string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.accounts[username].certificate
}

func answer(w http.ResponseWriter, status int, fields any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(fields)
}

func refuse(w http.ResponseWriter, status int, err error) {
	http.Error(w, err.Error(), status)
}

func (s *server) issueChallenge(w http.ResponseWriter, r *http.Request) {
	var username, certificate string
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var wanted struct {
			Username  string
			PublicKey string `json:"public_key"`
		}
		if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
			refuse(w, 400, err)
			return
		}
		username, certificate = wanted.Username, wanted.PublicKey
	} else {
		username = r.PostFormValue("username")
		certificate = s.certificateOf(username)
	}
	text := randomText()
	message, err := encryptTo(certificate, text+"\n")
	if err != nil {
		refuse(w, 400, err)
		return
	}
	s.mutex.Lock()
	s.challenges[text] = challenge{username, time.Now().Add(challengeLives)}
	s.mutex.Unlock()
	w.Header().Set("Content-Type", "text/plain")
	w.Write(message)
}

func (s *server) enrol(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Response, Password string
		PublicKey          string `json:"public_key"`
	}
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		refuse(w, 400, err)
		return
	}
	username, err := s.redeem([]byte(wanted.Response), func(string) string { return wanted.PublicKey })
	if err != nil {
		refuse(w, 401, err)
		return
	}
	made := account{certificate: wanted.PublicKey}
	if wanted.Password != "" {
		made.salt = []byte(randomText())[:16]
		made.hash = hashOf(wanted.Password, made.salt)
	}
	s.mutex.Lock()
	s.accounts[username] = made
	s.mutex.Unlock()
	answer(w, 201, map[string]string{"username": username})
}

func (s *server) logIn(body []byte) (string, error) {
	if !bytes.HasPrefix(body, []byte("{")) {
		return s.redeem(body, s.certificateOf)
	}
	var wanted struct{ Username, Password string }
	if err := json.Unmarshal(body, &wanted); err != nil {
		return "", err
	}
	return wanted.Username, s.checkPassword(wanted.Username, wanted.Password)
}

func (s *server) openSession(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, 400, err)
		return
	}
	username, err := s.logIn(body)
	if err != nil {
		refuse(w, 401, err)
		return
	}
	now := time.Now()
	token := randomText()
	s.mutex.Lock()
	s.sessions[token] = session{username, now, now.Add(sessionLives)}
	s.mutex.Unlock()
	answer(w, 201, map[string]any{"token": token, "username": username, "expires_at": now.Add(sessionLives)})
}

func (s *server) showSession(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mutex.Lock()
	found, ok := s.sessions[token]
	s.mutex.Unlock()
	if !ok || time.Now().After(found.expires) {
		refuse(w, 401, errRefused)
		return
	}
	answer(w, 200, map[string]any{"username": found.username, "created_at": found.created, "expires_at": found.expires})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8430", "address")
	flag.Parse()
	s := &server{accounts: map[string]account{}, challenges: map[string]challenge{}, sessions: map[string]session{}}
	limited := func(work http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			work(w, r)
		}
	}
	http.HandleFunc("/v1/challenge", limited(s.issueChallenge))
	http.HandleFunc("/v1/accounts", limited(s.enrol))
	http.HandleFunc("/v1/session", limited(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			s.showSession(w, r)
		} else {
			s.openSession(w, r)
		}
	}))
	log.Fatal(http.ListenAndServe(*listen, nil))
}
