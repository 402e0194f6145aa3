#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# From a fresh clone to events: installs Debian's packages, builds, asks.
#   demo.sh                   a real clip with faults at known times, asked for and checked
#   demo.sh VIDEO [QUERY]     a video of yours
set -euo pipefail
cd "$(dirname "$0")/.."
video=${1:-}
query=${2:-the picture goes black}
[[ -z $video || -r $video ]] || { echo "demo: $video: cannot be read" >&2; exit 2; }
[[ -z $video ]] || video=$(realpath "$video")

if [[ -z ${GVL_BUILD:-} ]]; then
  tools/install-packages.sh
  [[ -e build/build.ninja ]] || meson setup build >/dev/null
  ninja -C build --quiet
fi
source examples/environment.sh
log=$build/demo.log

# ask QUERY...: plays $video and keeps what the bus says
ask() {
  local list; list=$(printf '\\"%s\\", ' "$@")
  local queries="queries=\"<${list%, }>\""
  echo "gst-launch-1.0 -m filesrc location=$video ! decodebin ! gvlground ${MODEL[*]} '$queries' ! fakesink"
  gst-launch-1.0 -m filesrc location="$video" ! decodebin ! gvlground "${MODEL[@]}" "$queries" ! \
    fakesink >"$log" 2>&1 || { cat "$log" >&2; exit 2; }
}

if [[ -n $video ]]; then
  ask "$query"
  grep 'gvl-event' "$log" || { echo "demo: no event" >&2; exit 1; }
  exit
fi

clip=$build/cityCC0.mpg
[[ -e $clip || -n ${GVL_BUILD:-} ]] || tools/download-demo-clip.sh "$clip" || true
[[ -e $clip ]] || { echo "demo: there is no $clip (tools/download-demo-clip.sh gets it); give a video" >&2; exit 77; }

# Ten seconds of it, six of colour bars, ten without colours, ten more, five of black, ten more.
video=$build/demo.mkv
if [[ ! -e $video ]]; then
  echo "demo: writing $video"
  size='format=i420 width=480 height=270 framerate=25/1'
  form='video/x-raw,format=I420,width=480,height=270,framerate=25/1'
  raw=$build/demo.i420
  gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert ! videoscale ! videorate ! "$form" ! \
    filesink location="$raw"
  # A short clip goes on with its beginning.
  while (($(stat -c %s "$raw") < 250 * 194400)); do cat "$raw" "$raw" >"$raw.longer" && mv "$raw.longer" "$raw"; done
  # rawvideoparse: what is not about the pixels in the sources' formats would be a change of format to a muxer.
  real() { echo "filesrc location=$raw blocksize=194400 num-buffers=$1 ! rawvideoparse $size"; }
  drawn() { echo "videotestsrc pattern=$1 num-buffers=$2 ! $form"; }
  # shellcheck disable=SC2046
  gst-launch-1.0 -q concat name=all ! rawvideoparse $size ! jpegenc ! matroskamux ! filesink location="$video.part" \
    $(real 250) ! all.sink_0 $(drawn smpte 150) ! all.sink_1 $(real 250) ! videobalance saturation=0 ! all.sink_2 \
    $(real 250) ! all.sink_3 $(drawn black 125) ! all.sink_4 $(real 250) ! all.sink_5
  rm "$raw"
  mv "$video.part" "$video"
fi

# found QUERY START STOP: whether an event overlaps the truth by half of what both cover
found() {
  local line start stop
  line=$(grep 'gvl-event' "$log" | grep -F "query=(string)\"${1// /\\ }\"" || true)
  [[ -n $line ]] || { echo "WRONG  $1: no event"; return 1; }
  start=$(sed -nE 's/.*[^-]start=\(guint64\)([0-9]+).*/\1/p' <<<"$line")
  stop=$(sed -nE 's/.*[^-]stop=\(guint64\)([0-9]+).*/\1/p' <<<"$line")
  awk -v query="$1" -v a="$start" -v b="$stop" -v from="$2" -v to="$3" 'BEGIN {
    a /= 1e9; b /= 1e9
    low = a > from ? a : from; high = b < to ? b : to
    union = (b > to ? b : to) - (a < from ? a : from)
    iou = high > low ? (high - low) / union : 0
    printf "%s  %s: %.1f s to %.1f s, in truth %.1f s to %.1f s (IoU %.2f)\n", (iou < 0.5 ? "WRONG" : "right"), query, a, b, from, to, iou
    exit iou < 0.5 }'
}

ask "colour bars are shown" "the picture turns black and white" "the picture goes black"
right=0
found "colour bars are shown" 10 16 || right=1
found "the picture turns black and white" 16 26 || right=1
found "the picture goes black" 36 41 || right=1
exit $right
