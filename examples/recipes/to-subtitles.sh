#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events as captions: to-subtitles.sh OUT.vtt|OUT.ttml|OUT.srt [EVENTS.jsonl]
# WebVTT is written here; ffmpeg makes TTML, SubRip and whatever else it knows of it.
set -euo pipefail
out=${1:?usage: to-subtitles.sh OUT [EVENTS.jsonl]}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
jq --raw-output --slurp '
  def digits(n): tostring | ("0" * (n - length) // "") + .;
  def stamp: . / 1e6 | round as $ms
    | "\($ms / 3600000 | floor | digits(2)):\($ms / 60000 % 60 | floor | digits(2)):\($ms / 1000 % 60 | floor | digits(2)).\($ms % 1000 | digits(3))";
  def words: gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;") | gsub("[\\s[:cntrl:]]+"; " ");
  "WEBVTT\n",
  (map(select(.start and .stop)) | sort_by(.start) | .[]
   | "\(.start | stamp) --> \(.stop | stamp)\n\(if (.query // "") == "" then .text else .query end | words)\n")
' "${2:--}" >"$folder/events.vtt"
case $out in
  *.vtt) cp "$folder/events.vtt" "$out" ;;
  *) ffmpeg -v error -nostdin -n -i "$folder/events.vtt" "$out" ;;
esac
