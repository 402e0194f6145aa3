# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the shell tests: a folder to work in, a model, videos, and checks that stop the test.
set -euo pipefail
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$GVL_BUILD/tools:$PATH

fail() { echo "FAIL: $*" >&2; exit 1; }

model=$work/model
gvl-convert "$source_root/tests/data/phi_c" "$model"

# decodes FILE: a frame comes out of it
decodes() {
  timeout 120 gst-launch-1.0 -v filesrc location="$1" ! decodebin ! fakesink silent=false sync=false num-buffers=1 >"$work/decoded" 2>&1 ||
    fail "$1 cannot be decoded: $(tail -c 500 "$work/decoded")"
  grep -q 'last-message = chain' "$work/decoded" || fail "$1: no frame in it"
}

# make_video FILE FRAMES [CAPS]: a test pattern, VP8 in WebM
make_video() {
  gst-launch-1.0 -q videotestsrc pattern=ball num-buffers="$2" ! "video/x-raw,width=160,height=96,${3:-framerate=15/1}" ! \
    vp8enc deadline=1 ! webmmux ! filesink location="$1"
}
