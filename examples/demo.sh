#!/usr/bin/env bash
# From a fresh clone to events: installs Debian's packages, builds, asks. demo.sh [VIDEO [QUERY]]
set -euo pipefail
cd "$(dirname "$0")/.."
video=${1:-}
query=${2:-a car drives along the road}
[[ -z $video || -r $video ]] || { echo "demo: $video: cannot be read" >&2; exit 2; }
[[ -z $video ]] || video=$(realpath "$video")

tools/install-packages.sh
[[ -e build/build.ninja ]] || meson setup build >/dev/null
ninja -C build --quiet
source examples/environment.sh

if [[ -z $video ]]; then
  video=$build/demo.webm
  [[ -e $video ]] || gst-launch-1.0 -q videotestsrc pattern=ball num-buffers=240 ! video/x-raw,framerate=30/1 ! \
    vp8enc deadline=1 ! webmmux ! filesink location="$video"
fi
[[ -n ${GVL_MODEL:-} ]] || echo "demo: random weights, so the times are arbitrary; GVL_MODEL=DIR takes a trained model"

echo "gst-launch-1.0 -m filesrc location=$video ! decodebin ! gvlground model=$MODEL query=\"$query\" ! fakesink"
log=$build/demo.log
gst-launch-1.0 -m filesrc location="$video" ! decodebin ! gvlground model="$MODEL" "${LIMIT[@]}" query="$query" ! fakesink >"$log" 2>&1 ||
  { cat "$log" >&2; exit 2; }
grep 'gvl-event' "$log" || { echo "demo: no event" >&2; exit 1; }
