#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# From a fresh clone to tested: installs what is missing, checks the format, builds and runs every test. With
# --sanitize=address it builds and runs them again under the address and undefined-behaviour sanitizers, with
# --sanitize=thread those of the engine and the elements under the thread sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  '') builds=(build) ;;
  --sanitize=address | --sanitize=thread) builds=(build "build-${1#*=}") ;;
  *) echo "usage: tests/run.sh [--sanitize=address | --sanitize=thread]" >&2; exit 1 ;;
esac

# What tests need of the world: they themselves neither install nor download anything.
tools/install-packages.sh
mkdir -p build
tools/download-demo-clip.sh build/cityCC0.mpg || echo "run: without its clip, the demo is not tested" >&2

check_format() {
  local files
  mapfile -t files < <(git ls-files '*.cpp' '*.hpp' '*.h')
  clang-format --dry-run --Werror "${files[@]}"
}

# set_up FOLDER [MESON OPTION...]
set_up() {
  local build=$1; shift
  [[ -e $build/build.ninja ]] || meson setup "$build" "$@" >/dev/null
}

# build_and_test FOLDER [MESON OPTION...]
build_and_test() {
  set_up "$@"
  ninja -C "$1" --quiet
  meson test -C "$1" --no-rebuild --print-errorlogs
}

test_threads() {
  set_up build-thread -Db_sanitize=thread -Dbuildtype=debug -Doptimization=1 -Dtraining=disabled
  local suites=(io text timeline vision ops layers runtime model elements)
  # Builds what these tests need, no more.
  meson test -C build-thread "${suites[@]/#/--suite=}" --no-suite leaks --print-errorlogs
}

# Debian 12's clang-format decides: others lay out the same style a little differently.
if clang-format --version | grep -q 'version 14\.'; then check_format; fi
for build in "${builds[@]}"; do
  case $build in
    build) build_and_test build ;;
    # Of debug information what reports need, lines: all of it takes the compiler half as long again.
    build-address) build_and_test build-address -Db_sanitize=address,undefined -Dbuildtype=debug -Doptimization=1 -Dcpp_args=-g1 ;;
    build-thread) test_threads ;;
  esac
done

passed() { grep -ch '"result": "OK"' "$1"/meson-logs/testlog.json; }
failed() { grep -chE '"result": "(FAIL|ERROR|TIMEOUT)"' "$1"/meson-logs/testlog.json || true; }
total=0; bad=0
for build in "${builds[@]}"; do
  total=$((total + $(passed "$build"))); bad=$((bad + $(failed "$build")))
done
echo "$total passed, $bad failed"
