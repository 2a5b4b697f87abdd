#!/usr/bin/env bash
# Installs what is missing, and does nothing the second time:
#   scripts/setup.sh            what building and running qsim needs
#   scripts/setup.sh --test     that, and what the tests need, with onnxruntime in .venv as a peer to compare with
#   scripts/setup.sh --models   that, and what retraining and exporting the bundled models needs
# Debian 12, as root or with sudo.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

build_packages=(
  g++ make cmake ninja-build ccache verilator pkg-config git
  libsystemc-dev verilator make libonnx-dev libprotobuf-dev protobuf-compiler libeigen3-dev libdnnl-dev
  coinor-libcbc-dev
  libboost-program-options-dev nlohmann-json3-dev zlib1g-dev libssl-dev libgtest-dev libbenchmark-dev
)
test_packages=(python3-numpy python3-venv clang-format yosys libonnx-testdata clang-14 libclang-rt-14-dev)
model_packages=(python3-torch python3-torchvision python3-sklearn python3-numpy python3-onnx)

# The peers live in a virtual environment of the project. Its stamp holds the requirements it was made from.
make_venv() {
  local venv=$project_dir/.venv requirements=$project_dir/scripts/requirements.txt
  cmp -s "$requirements" "$venv/stamp" && return 0
  log "making .venv with onnx and onnxruntime"
  rm -rf "$venv"
  if "$system_python" -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"; then
    cp "$requirements" "$venv/stamp"
  else
    rm -rf "$venv"
    log "no onnxruntime (is PyPI reachable?): the tests that compare with it will be skipped"
  fi
}

case "${1-}" in
  "") install_missing "${build_packages[@]}" ;;
  --test)
    install_missing "${build_packages[@]}" "${test_packages[@]}"
    make_venv
    ;;
  --models) install_missing "${build_packages[@]}" "${model_packages[@]}" ;;
  *)
    echo "usage: scripts/setup.sh [--test|--models]" >&2
    exit 2
    ;;
esac
