#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A live source, answered every few seconds: live.sh [SECONDS]
# Here a test pattern stands in for the camera: replace videotestsrc by v4l2src or rtspsrc ! decodebin.
set -euo pipefail
source "$(dirname "$0")/environment.sh"
seconds=${1:-10}

exec gst-launch-1.0 -m \
  videotestsrc is-live=true pattern=smpte num-buffers=$((seconds * 30)) ! video/x-raw,framerate=30/1 ! \
  gvlground "${MODEL[@]}" query="colour bars are shown" window-duration=2000000000 ! \
  fakesink sync=true
