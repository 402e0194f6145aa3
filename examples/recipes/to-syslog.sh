#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events into the system's log: to-syslog.sh [EVENTS.jsonl], with more arguments for logger in LOGGER
#   gvl-ground --json rtsp://CAMERA/STREAM "a covered lens" | to-syslog.sh
#   LOGGER="--server HOST --port 514 --tcp" to-syslog.sh events.jsonl
set -euo pipefail
# shellcheck disable=SC2086
jq --raw-output --unbuffered '
  def seconds: . / 1e6 | round / 1000;
  "\(.source // "") \(.query): \(.start | seconds) s to \(.stop | seconds) s, confidence \(.confidence * 100 | round / 100)"
  | gsub("[[:cntrl:]]"; " ")' "${1:--}" | logger --tag gvl --priority user.notice ${LOGGER:-}
