#!/usr/bin/env bash
# Installs what the tests need, builds everything, and runs
#   scripts/test.sh           the quick tests: what CI runs
#   scripts/test.sh --full    all tests, those with the ctest label `full` included
# The last line is "N passed, N failed", added up from what ctest, the checks of the tree, the Python tests and
# two minutes of fuzzing counted; a test that skips itself says why and counts as neither. Exits with 1 when
# anything failed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$project_dir"

ctest_selection=(-LE '^full$')
case "${1-}" in
  "") ;;
  --full) ctest_selection=() ;;
  *)
    echo "usage: scripts/test.sh [--full]" >&2
    exit 2
    ;;
esac

build_dir=build/release
jobs=$(nproc)
passed=0
failed=0

# tally NAME LINE: adds up a line "passed=N failed=N skipped=N". Anything else is one failure: whoever
# should have counted did not come to its end.
tally() {
  if [[ "$2" =~ ^passed=([0-9]+)\ failed=([0-9]+)\ skipped=([0-9]+)$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    log "$1: ${BASH_REMATCH[0]}"
  else
    failed=$((failed + 1))
    log "$1: did not finish"
  fi
}

# run_counted NAME COMMAND...: shows the command's output; its last line is the count.
run_counted() {
  local name=$1 output=$build_dir/last_run.txt
  shift
  "$@" | tee "$output" || true
  tally "$name" "$(tail -n 1 "$output")"
}

finish() {
  echo "$passed passed, $failed failed"
  if [ "$failed" -gt 0 ] || [ "$passed" -eq 0 ]; then exit 1; fi
  exit 0
}

scripts/setup.sh --test
mkdir -p "$build_dir"
python=$project_dir/.venv/bin/python
[ -x "$python" ] || python=$system_python

run_counted "checks of the tree" "$system_python" scripts/check_tree.py

log "building"
if ! { cmake --preset release && cmake --build --preset release; }; then
  tally "build" "failed"
  finish
fi

log "ctest"
junit=$project_dir/$build_dir/junit.xml
rm -f "$junit"
ctest --test-dir "$build_dir" -j "$jobs" --output-on-failure --no-tests=error --timeout 1200 \
  --output-junit "$junit" "${ctest_selection[@]}" || true
run_counted "ctest" "$system_python" scripts/count_junit.py "$junit"

log "Python tests"
run_counted "Python tests" "$python" scripts/python_tests.py "$@"

log "fuzzing of the file readers"
run_counted "fuzzing of the file readers" scripts/fuzz_import.sh 120

finish
