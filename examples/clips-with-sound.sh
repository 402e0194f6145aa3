#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A clip of every event with the video's first sound track, both as they are encoded:
# clips-with-sound.sh VIDEO.mkv FOLDER [QUERY]
# For a second track add: d.audio_1 ! queue max-size-bytes=0 max-size-buffers=0 max-size-time=0 ! clips.audio_1
set -euo pipefail
source "$(dirname "$0")/environment.sh"
video=${1:?usage: clips-with-sound.sh VIDEO.mkv FOLDER [QUERY]}
folder=${2:?usage: clips-with-sound.sh VIDEO.mkv FOLDER [QUERY]}
query=${3:-the picture goes black}

# The analysis takes its time: what a file has side by side waits in the queues.
exec gst-launch-1.0 -m \
  filesrc location="$video" ! matroskademux name=d \
  d.video_0 ! tee name=t \
  t. ! queue max-size-bytes=0 max-size-buffers=0 max-size-time=0 ! \
  gvlclipper name=clips location="$folder/%{id}-%{query}.mkv" history=600000000000 \
  t. ! queue ! decodebin ! gvlground name=ground "${MODEL[@]}" query="$query" ! fakesink \
  ground.events ! queue ! clips.events \
  d.audio_0 ! queue max-size-bytes=0 max-size-buffers=0 max-size-time=0 ! clips.audio_0
