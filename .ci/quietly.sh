# To be sourced by scripts that build: `quietly COMMAND ...` shows how far a build has come, and what it printed only where
# it fails.

# One line of at most 80 columns.
show_step() {
  if [ -t 1 ]; then printf '\r\033[K%.79s' "$1"; else printf '%.79s\n' "$1"; fi
}

# Reads what a build prints, and behind it its exit status, which becomes this function's. Ninja's steps are shown as
# "[12/41] countersign_auth.dir/auth/context.cpp.o": on a terminal each in the place of the one before it, elsewhere one
# for every tenth of the way.
show_steps() {
  local line tenth shown=-1
  local -a lines=()
  while IFS= read -r line; do
    lines+=("$line")
    [[ $line =~ ^(\[([0-9]+)/([0-9]+)\])\ (.*)$ ]] || continue
    tenth=$((BASH_REMATCH[2] * 10 / BASH_REMATCH[3]))
    # What is built stands last, in a folder that every target has.
    if [ -t 1 ] || [ "$tenth" -ne "$shown" ]; then show_step "${BASH_REMATCH[1]} ${BASH_REMATCH[4]##*CMakeFiles/}"; fi
    shown=$tenth
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
  local status=${lines[-1]}
  if [ "$status" -ne 0 ]; then printf '%s\n' "${lines[@]::${#lines[@]}-1}" | tail -n 200 >&2; fi
  return "$status"
}

quietly() {
  local status=0
  {
    "$@" 2>&1 </dev/null || status=$?
    printf '\n%s\n' "$status"
  } | show_steps
}
