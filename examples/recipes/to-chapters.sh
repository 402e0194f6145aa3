#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A video with a chapter for each event: to-chapters.sh VIDEO OUT.mkv|OUT.mp4 [EVENTS.jsonl]
# Nothing is encoded again. A chapter begins and ends with its event; of two that overlap, the first ends with the second.
set -euo pipefail
video=${1:?usage: to-chapters.sh VIDEO OUT [EVENTS.jsonl]}
out=${2:?usage: to-chapters.sh VIDEO OUT [EVENTS.jsonl]}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
jq --raw-output --slurp '
  def title: gsub("[\\s[:cntrl:]]+"; " ") | gsub("(?<c>[=;#\\\\])"; "\\" + .c);
  ";FFMETADATA1",
  (map(select(.start and .stop)) | sort_by(.start) | . as $all | range(length)
   | $all[.] as $event | ($all[. + 1].start // $event.stop) as $next
   | "[CHAPTER]", "TIMEBASE=1/1000000000", "START=\($event.start)", "END=\([$event.stop, $next] | min)",
     "title=\(if ($event.query // "") == "" then $event.text else $event.query end | title)")
' "${3:--}" >"$folder/chapters"
ffmpeg -v error -nostdin -n -i "$video" -f ffmetadata -i "$folder/chapters" -map 0 -map_metadata 0 -map_chapters 1 -c copy "$out"
