#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events of a video to a broker, a web server, a socket or a file: publish.sh VIDEO URI [QUERY]
#   publish.sh VIDEO mqtt://localhost/studio/events      mosquitto_sub -t studio/events shows them
#   publish.sh VIDEO https://HOST/HOOK                   with GVL_PUBLISH_TOKEN in the environment, if it wants a token
#   publish.sh VIDEO file:///PATH/events.jsonl
# What cannot be delivered waits in SPOOL (events.spool), also for the next time.
set -euo pipefail
source "$(dirname "$0")/environment.sh"
video=${1:?usage: publish.sh VIDEO URI [QUERY]}
uri=${2:?usage: publish.sh VIDEO URI [QUERY]}
query=${3:-the picture goes black}

exec gst-launch-1.0 -m -e \
  filesrc location="$video" ! decodebin ! gvlground name=ground "${MODEL[@]}" query="$query" ! fakesink \
  ground.events ! gvlpublish uri="$uri" spool-location="${SPOOL:-events.spool}"
