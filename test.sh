#!/usr/bin/env bash
# Builds and tests, on a bare Debian 12 too:
#
#   ./test.sh                    every test that is not labelled long, then each fuzz target for ten seconds
#   ./test.sh --long             the long tests only
#   ./test.sh --preset asan      another preset: dev (the default), asan, tsan
#   ./test.sh --no-fuzz          without the fuzz targets (their replay is among the tests in any case)
#   ./test.sh --no-install       without looking for missing packages
#   ./test.sh -- -R session      what follows -- is passed to ctest
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

preset=dev
labels=(-LE long)
install=yes
fuzz=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --long) labels=(-L long) fuzz=no ;;
    --preset)
      [ $# -gt 1 ] || { echo "--preset needs a name" >&2; exit 2; }
      preset=$2
      shift
      ;;
    --no-fuzz) fuzz=no ;;
    --no-install) install=no ;;
    --) shift; break ;;
    *)
      sed -nE 's/^# ?(  \.\/test.sh.*)$/\1/p' "$0" >&2
      exit 2
      ;;
  esac
  shift
done
[ $# -eq 0 ] || fuzz=no
[ "$preset" = dev ] || fuzz=no

[ "$install" = no ] || .ci/install test
. .ci/quietly.sh

jobs=$(nproc)
said=$SECONDS
step() {
  printf '%4ds  %s\n' $((SECONDS - said)) "$1"
}

build() {
  quietly cmake --preset "$1"
  quietly cmake --build --preset "$1" --parallel "$jobs"
}

step "building ($preset)"
build "$preset"

# Runs the tests of a build, and notes the build if one of them fails.
failed=()
run_tests() {
  local folder=$1
  shift
  ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel "$jobs" "$@" </dev/null || failed+=("$folder")
}

# The tests that failed in a build's last run: all by name, of the first five also the last lines they printed.
tell_failures() {
  local logs=$1/Testing/Temporary
  [ -e "$logs/LastTestsFailed.log" ] || return 0  # no test was found: ctest has said so
  awk '
    FNR == NR { sub(/^[0-9]+:/, ""); name[++names] = $0; failed[$0] = 1; next }
    /^[0-9]+\/[0-9]+ Test: / { sub(/^[^:]*: /, ""); test = $0; next }
    /^Output:$/ { reading = test in failed; next }
    /^<end of output>$/ { reading = 0; next }
    reading && !/^-+$/ && NF { line[test, ++lines[test]] = substr($0, 1, 200) }
    END {
      for (i = 1; i <= names; ++i) {
        test = name[i]
        print "FAILED " test
        if (i > 5) continue
        for (n = lines[test] > 25 ? lines[test] - 24 : 1; n <= lines[test]; ++n) print "  " line[test, n]
      }
    }' "$logs/LastTestsFailed.log" "$logs/LastTest.log"
}

if [ "$fuzz" = yes ]; then
  step "building the fuzz targets (clang, libFuzzer)"
  build fuzz
  step "fuzzing, ten seconds each"
  run_tests build/fuzz
fi

step "testing ($preset)"
run_tests "build/$preset" "${labels[@]}" "$@"
# What ctest keeps to itself where a test passes: which program logged in how, how many points were failed at, what was
# compared, and what was left out with its reason.
step "what was seen and counted, and what was left out"
log=build/$preset/Testing/Temporary/LastTest.log
grep -E "^matrix \||^[a-z][a-z' ]+: [0-9]+(,| [a-z])" "$log" || true
grep -A 2 ': warning:$' "$log" || true

[ ${#failed[@]} -gt 0 ] || exit 0
# At the end, since that is what is read first of a long output, and often all that is kept.
step "what failed"
for folder in "${failed[@]}"; do tell_failures "$folder"; done
exit 1
