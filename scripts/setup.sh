#!/usr/bin/env bash
# Installs what is missing, and does nothing the second time:
#   scripts/setup.sh            what building and running qsim needs
#   scripts/setup.sh --test     that, and what the tests need, PyTorch among it, with onnxruntime in .venv as a peer to compare with
#   scripts/setup.sh --explore  what building needs, and what scripts/sweep.py, scripts/explore.py, scripts/plot.py and data frames need, in .venv
#   scripts/setup.sh --report   what building needs, and the chart library of HTML reports (npm)
#   scripts/setup.sh --models   what building needs, and what training (scripts/qat) and the scripts of models/ need
#   scripts/setup.sh --synth    what building needs, and yosys and nextpnr for qsim synth, those from PyPI in .venv
# Debian 12, as root or with sudo.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

build_packages=(
  g++ make cmake ninja-build ccache verilator pkg-config git
  libsystemc-dev verilator make libonnx-dev libprotobuf-dev protobuf-compiler libeigen3-dev libdnnl-dev
  coinor-libcbc-dev
  libboost-program-options-dev nlohmann-json3-dev zlib1g-dev libssl-dev libgtest-dev libbenchmark-dev
  libsqlite3-dev pybind11-dev python3-dev
)
# PyTorch is for scripts/qat: 177 MB of packages on top of 305 MB, without which its tests would only ever be skipped.
test_packages=(
  python3-numpy python3-venv sqlite3 clang-format yosys libonnx-testdata clang-14 libclang-rt-14-dev chromium python3-torch python3-onnx
)
model_packages=(python3-torch python3-torchvision python3-sklearn python3-numpy python3-onnx)

# Peers, and the packages that explore, live in a virtual environment of the project. Its stamp holds the requirements it was
# made from.
make_venv() {
  local venv=$project_dir/.venv requirements=$project_dir/scripts/requirements.txt
  local explore=$project_dir/scripts/requirements-explore.txt
  cat "$requirements" "$explore" | cmp -s - "$venv/stamp" && return 0
  log "making .venv with onnx, onnxruntime, dask, optuna and pandas"
  rm -rf "$venv"
  if "$system_python" -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" -r "$explore"; then
    cat "$requirements" "$explore" >"$venv/stamp"
  else
    rm -rf "$venv"
    log "no packages from PyPI (is it reachable?): the tests that need them will be skipped"
  fi
}

# The chart library that `qsim report` puts into its pages, as package-lock.json pins it. A build finds it by itself.
install_chart_library() {
  local page=$project_dir/sim/report/page
  cmp -s "$page/package-lock.json" "$page/node_modules/stamp" && return 0
  command -v npm >/dev/null || install_missing nodejs npm
  log "fetching the chart library of HTML reports"
  if npm ci --prefix "$page" --no-audit --no-fund --silent; then
    cp "$page/package-lock.json" "$page/node_modules/stamp"
  else
    log "no chart library (is the npm registry reachable?): qsim report will be built without"
  fi
}

case "${1-}" in
  "") install_missing "${build_packages[@]}" ;;
  --test)
    install_missing "${build_packages[@]}" "${test_packages[@]}"
    make_venv
    install_chart_library
    ;;
  --report)
    install_missing "${build_packages[@]}"
    install_chart_library
    [ -e "$project_dir/sim/report/page/node_modules/stamp" ] || die "qsim report needs the npm registry for its charts"
    ;;
  --explore)
    install_missing "${build_packages[@]}" python3-venv
    make_venv
    [ -d "$project_dir/.venv" ] || die "scripts/sweep.py, scripts/explore.py and scripts/plot.py need packages from PyPI"
    ;;
  --synth)
    install_missing "${build_packages[@]}" yosys nextpnr-ice40 python3-venv
    make_venv
    "$project_dir/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$project_dir/scripts/requirements-synth.txt" ||
      die "qsim synth --place for ecp5 needs packages from PyPI"
    ;;
  --models) install_missing "${build_packages[@]}" "${model_packages[@]}" ;;
  *)
    echo "usage: scripts/setup.sh [--test|--explore|--report|--synth|--models]" >&2
    exit 2
    ;;
esac
