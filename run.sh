#!/usr/bin/env bash
# Builds Countersign, shows a login online and one by stick, and serves, on a bare Debian 12 too:
#
#   ./run.sh                 serves on 127.0.0.1:8420 until Ctrl-C
#   ./run.sh --once          the same, and stops after the two logins
#   ./run.sh --no-install    without looking for missing packages
#
# Everything it makes is under ./var (delete that to begin anew) and ./build. Every command it runs is printed first, so
# that you can repeat it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

once=no
install=yes
for argument in "$@"; do
  case "$argument" in
    --once) once=yes ;;
    --no-install) install=no ;;
    *)
      sed -nE 's/^# ?(  \.\/run.sh.*)$/\1/p' "$0" >&2
      case "$argument" in -h | --help) exit 0 ;; *) exit 2 ;; esac
      ;;
  esac
done

. .ci/quietly.sh

listen=127.0.0.1:8420
url=http://$listen

[ "$install" = no ] || .ci/install run

server_pid=
gnupg_copy=
leave() {
  [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
  [ -z "$server_pid" ] || wait "$server_pid" 2>/dev/null || true
  [ -z "${GNUPGHOME:-}" ] || gpgconf --kill all 2>/dev/null || true
  [ -z "$gnupg_copy" ] || rm -rf "$gnupg_copy"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "Building (release) ..."
{ quietly cmake --preset release && quietly cmake --build --preset release --parallel "$(nproc)"; } || {
  echo "The build failed." >&2
  exit 1
}

say() { printf '\n# %s\n' "$1"; }
# Prints a command line and runs it. Without pipefail: gpg says with its status that it does not know the server's key yet.
show() {
  printf '$ %s\n' "$1"
  bash -c "$1"
}

say "Where the program, the data and a GnuPG home for the demonstration are"
export PATH="$PWD/build/release:$PATH" COUNTERSIGN_DATA="$PWD/var"
# Its own, so that the demonstration touches no key of yours. The names of an agent's sockets may not be long, so a home
# that lies deep is used through a copy in the folder for temporary files.
home=$PWD/var/demo/gnupg
printf '$ export PATH="%s:$PATH" COUNTERSIGN_DATA="%s"\n' "$PWD/build/release" "$PWD/var"

if [ ! -e var/countersign.toml ]; then
  say "A new data folder: settings, secrets, and a SQLite store"
  show "countersign init --server $url"
fi
mkdir -p -m 700 var/demo
stick=$PWD/var/demo/stick
mkdir -p "$stick"

new_home=no
if [ ! -d "$home" ]; then
  new_home=yes
  mkdir -m 700 "$home"
fi
if [ ${#home} -gt 80 ]; then
  gnupg_copy=$(mktemp -d /tmp/countersign.XXXXXX)
  cp -a "$home/." "$gnupg_copy/"
  export GNUPGHOME=$gnupg_copy
else
  export GNUPGHOME=$home
fi
printf '$ export GNUPGHOME="%s"\n' "$GNUPGHOME"
if [ "$new_home" = yes ]; then
  say "The demonstration's OpenPGP key: anybody's would do"
  show "gpg --batch --quiet --passphrase '' --quick-gen-key 'demo <demo@example.org>' future-default default never"
  [ -z "$gnupg_copy" ] || cp -a "$gnupg_copy/." "$home/"
fi
if ! countersign account show demo >/dev/null 2>&1; then
  say "An account for it, by the public key alone"
  show "gpg --armor --export demo@example.org | countersign account add demo --public-key -"
fi

say "The server"
printf '$ countersign serve --listen %s\n' "$listen"
countersign serve --listen "$listen" &
server_pid=$!
for _ in $(seq 100); do
  curl -fs "$url/healthz" >/dev/null 2>&1 && break
  kill -0 "$server_pid" 2>/dev/null || {
    server_pid=
    echo "The server did not start; its reason stands above." >&2
    exit 1
  }
  sleep 0.1
done

say "A login online: curl and gpg are client enough"
show "curl -fsS $url/v1/challenge -d username=demo | gpg -qd | gpg --clearsign |
curl -fsS $url/v1/session --data-binary @-"
echo

say "A login by stick: the server writes a challenge"
rm -rf "${stick:?}"/*
show "countersign courier export demo --to $stick"
challenge=$(basename "$(ls "$stick"/outbox/*.challenge.asc)" .challenge.asc)
say "where the key lives, without a network, it is opened and signed; with the server's key gpg can check who wrote it"
show "gpg --quiet --import $stick/outbox/server-*.asc"
show "gpg -qd $stick/outbox/$challenge.challenge.asc | gpg --clearsign > $stick/inbox/$challenge.response.asc"
say "the server takes the answer and writes a session that only the key can open"
show "countersign courier import $stick"
show "gpg -qd $stick/outbox/$challenge.session.asc"

say "Both sessions, as the server sees them"
show "countersign session list demo"

if [ "$once" = yes ]; then
  echo
  echo "Done."
  exit 0
fi
echo
echo "Serving on $url until Ctrl-C. Try the commands above in another terminal."
wait "$server_pid"
