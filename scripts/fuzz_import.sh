#!/usr/bin/env bash
# Builds the fuzz targets of the file readers (preset `fuzz`, clang) and runs them one after the other:
#   scripts/fuzz_import.sh SECONDS [TARGET...]    onnx npz qprog recipe machine space; all if none is named
# Seeds are the bundled models and, when present, those of ../shared/data. Inputs that are findings stay in
# build/fuzz/findings. QSIM_FUZZ_SEED (1) is libFuzzer's seed. The last line, "passed=N failed=N skipped=N",
# counts targets; without clang all of them are skipped.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$project_dir"

all_targets=(onnx npz qprog recipe machine space)
build_dir=build/fuzz
findings=$build_dir/findings
# Bytes of the largest seed and input: libFuzzer cuts off the rest, and a cut model is not a model.
max_bytes=65536

# Of 21 parts of the time.
share_of() {
  case "$1" in
    onnx) echo 12 ;;
    qprog) echo 4 ;;
    npz) echo 2 ;;
    recipe | machine | space) echo 1 ;;
    *) die "target = $1 is not one of ${all_targets[*]}" ;;
  esac
}

seconds=${1-}
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || {
  echo "usage: scripts/fuzz_import.sh SECONDS [TARGET...]" >&2
  exit 2
}
shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=("${all_targets[@]}")
parts=0
for target in "${targets[@]}"; do parts=$((parts + $(share_of "$target"))); done

if ! command -v clang++-14 >/dev/null; then
  log "import fuzzing skipped: clang++-14 is not installed (apt-get install clang-14 libclang-rt-14-dev)"
  echo "passed=0 failed=0 skipped=${#targets[@]}"
  exit 0
fi

mkdir -p "$build_dir"
if ! { cmake --preset fuzz && cmake --build --preset fuzz; } >"$build_dir/build.txt" 2>&1; then
  cat "$build_dir/build.txt"
  echo "passed=0 failed=${#targets[@]} skipped=0"
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
mkdir -p "$work/seeds/onnx" "$findings"
data=$project_dir/../shared/data
models=()
while IFS= read -r model; do
  models+=("$model")
  cp "$model" "$work/seeds/onnx/${#models[@]}.onnx"
done < <(for folder in models "$data"/{onnx_node,qdq_graphs,micro_kws,mnist,mlperf_tiny,shapes}; do
  [ ! -d "$folder" ] || find "$folder" -name '*.onnx' -size "-${max_bytes}c" | sort
done)
"$build_dir/tests/fuzz/import/make_seeds" "$work/seeds" "${models[@]}"
log "import fuzzing: ${#models[@]} models as seeds, $seconds s"

passed=0
failed=0
for target in "${targets[@]}"; do
  time=$((seconds * $(share_of "$target") / parts))
  [ "$time" -gt 0 ] || time=1
  mkdir -p "$work/corpus/$target"
  output=$work/$target.txt
  if "$build_dir/tests/fuzz/import/fuzz_$target" -seed="${QSIM_FUZZ_SEED-1}" -max_total_time="$time" \
    -max_len="$max_bytes" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$findings/$target-" "$work/corpus/$target" "$work/seeds/$target" >"$output" 2>&1; then
    passed=$((passed + 1))
    found=0
  else
    failed=$((failed + 1))
    found=1
    tail -n 60 "$output"
  fi
  count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$output")
  log "$target: ${count:-0} executions in $time s, $found findings"
done
echo "passed=$passed failed=$failed skipped=0"
[ "$failed" -eq 0 ]
