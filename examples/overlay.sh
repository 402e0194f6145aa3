#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events drawn onto the video, in two passes, so that they are drawn where they are: overlay.sh VIDEO OUT.mkv [QUERY]
set -euo pipefail
source "$(dirname "$0")/environment.sh"
video=${1:?usage: overlay.sh VIDEO OUT.mkv [QUERY]}
out=${2:?usage: overlay.sh VIDEO OUT.mkv [QUERY]}
query=${3:-the picture goes black}
events=$(mktemp)
trap 'rm -f "$events"' EXIT

gst-launch-1.0 -q \
  filesrc location="$video" ! decodebin ! gvlground name=ground "${MODEL[@]}" query="$query" ! fakesink \
  ground.events ! application/x-json ! filesink location="$events"
gst-launch-1.0 -q \
  filesrc location="$video" ! decodebin ! videoconvert ! gvloverlay events="$events" ! videoconvert ! \
  vp8enc deadline=1 ! matroskamux ! filesink location="$out"
cat "$events"
