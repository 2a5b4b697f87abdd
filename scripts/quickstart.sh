#!/usr/bin/env bash
# From a fresh clone to a first report: installs what is missing, builds the `qsim` tool, and runs a bundled
# quantized network on a 16x16 array, with its labelled test set. Debian 12, as root or with sudo.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$project_dir"

[ $# -eq 0 ] || die "usage: scripts/quickstart.sh (no arguments)"
scripts/setup.sh
log "building"
cmake --preset release
cmake --build --preset release --target qsim
command=(build/release/sim/cli/qsim run --array 16x16 models/digits_qdq.onnx --data models/digits_test.npz)
log "${command[*]}"
"${command[@]}"
