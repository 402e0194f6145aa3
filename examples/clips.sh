#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A clip of every event, cut out of the file as it is encoded: clips.sh VIDEO.mkv FOLDER [QUERY]
# One branch goes untouched into the clipper, the other is decoded and asked about.
set -euo pipefail
source "$(dirname "$0")/environment.sh"
video=${1:?usage: clips.sh VIDEO.mkv FOLDER [QUERY]}
folder=${2:?usage: clips.sh VIDEO.mkv FOLDER [QUERY]}
query=${3:-the picture goes black}

exec gst-launch-1.0 -m \
  filesrc location="$video" ! matroskademux ! tee name=t \
  t. ! queue max-size-bytes=0 max-size-buffers=0 max-size-time=0 ! \
  gvlclipper name=clips location="$folder/%{id}-%{query}.mkv" history=600000000000 \
  t. ! queue ! decodebin ! gvlground name=ground "${MODEL[@]}" query="$query" ! fakesink \
  ground.events ! queue ! clips.events
