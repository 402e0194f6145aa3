#!/usr/bin/env bash
# From a fresh clone to tested: installs what is missing, checks the format, builds and runs every test. With
# --sanitize it builds and runs them again under the address and undefined-behaviour sanitizers, with
# --sanitize-threads those of the elements under the thread sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
sanitize=
sanitize_threads=
case ${1:-} in
  '') ;;
  --sanitize) sanitize=yes ;;
  --sanitize-threads) sanitize_threads=yes ;;
  *) echo "usage: tests/run.sh [--sanitize | --sanitize-threads]" >&2; exit 1 ;;
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

# build_and_test FOLDER [MESON OPTION...]
build_and_test() {
  local build=$1; shift
  [[ -e $build/build.ninja ]] || meson setup "$build" "$@" >/dev/null
  ninja -C "$build" --quiet
  meson test -C "$build" --no-rebuild --print-errorlogs
}

# Debian 12's clang-format decides: others lay out the same style a little differently.
if clang-format --version | grep -q 'version 14\.'; then check_format; fi
build_and_test build
if [[ -n $sanitize ]]; then
  build_and_test build-sanitize -Db_sanitize=address,undefined -Dbuildtype=debug -Doptimization=1
fi
if [[ -n $sanitize_threads ]]; then
  [[ -e build-thread/build.ninja ]] ||
    meson setup build-thread -Db_sanitize=thread -Dbuildtype=debug -Doptimization=1 >/dev/null
  # Builds what these tests need, no more.
  meson test -C build-thread --suite elements --no-suite leaks --print-errorlogs
fi

passed() { grep -ch '"result": "OK"' "$1"/meson-logs/testlog.json; }
failed() { grep -chE '"result": "(FAIL|ERROR|TIMEOUT)"' "$1"/meson-logs/testlog.json || true; }
total=$(passed build); bad=$(failed build)
for more in ${sanitize:+build-sanitize} ${sanitize_threads:+build-thread}; do
  total=$((total + $(passed "$more"))); bad=$((bad + $(failed "$more")))
done
echo "$total passed, $bad failed"
