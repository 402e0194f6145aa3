#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every example runs and prints events.
source "$(dirname "$0")/helpers.sh"
examples=$source_root/examples
export GVL_MODEL=$model
make_video "$work/video.webm" 45

# prints PATTERN COUNT COMMAND...: at least COUNT lines with the pattern
prints() {
  local pattern=$1 count=$2; shift 2
  timeout 300 "$@" >"$work/out" 2>&1 || fail "exit code $?: $*: $(tail -c 2000 "$work/out")"
  local found; found=$(grep -cE -- "$pattern" "$work/out") || true
  ((found >= count)) || fail "$found lines with '$pattern': $*: $(tail -c 2000 "$work/out")"
}

event='gvl-event.*start=\(guint64\)[0-9]+, stop=\(guint64\)[0-9]+'
prints "$event" 1 "$examples/five-elements.sh" "$work/video.webm"
prints "$event" 1 "$examples/ground.sh" "$work/video.webm" "a ball moves"
for query in 'the\\ picture\\ goes' 'colour\\ bars' 'the\\ picture\\ freezes'; do
  prints "gvl-event.*query=\(string\)\"$query" 1 "$examples/several-queries.sh" "$work/video.webm"
done
prints "$event" 2 "$examples/live.sh" 5
prints '^a ball: [0-9.]+ s to [0-9.]+ s' 1 /usr/bin/python3 "$examples/events.py" "$work/video.webm" "a ball"

# Clips and the overlay: files that hold frames.
ffmpeg -v error -nostdin -i "$work/video.webm" -c copy "$work/video.mkv"
prints 'gvl-clip.*location=' 1 "$examples/clips.sh" "$work/video.mkv" "$work/clips" "a ball moves"
clips=("$work"/clips/*.mkv)
[[ -s ${clips[0]} && -s ${clips[0]%.mkv}.json ]] || fail "no clip with its description: $(ls "$work/clips")"
decodes "${clips[0]}"
ffmpeg -v error -nostdin -i "$work/video.mkv" -f lavfi -t 3 -i sine=440:sample_rate=44100 -map 0:v -map 1:a -c:v copy \
  -c:a libvorbis "$work/sound.mkv"
prints 'gvl-clip.*location=' 1 "$examples/clips-with-sound.sh" "$work/sound.mkv" "$work/sound" "a ball moves"
clips=("$work"/sound/*.mkv)
decodes "${clips[0]}"
timeout 120 gst-launch-1.0 -v filesrc location="${clips[0]}" ! matroskademux name=d d.audio_0 ! fakesink silent=false sync=false async=false \
  d.video_0 ! fakesink sync=false async=false >"$work/heard" 2>&1
grep -q 'fakesink0.*last-message = chain' "$work/heard" || fail "${clips[0]}: no sound in it"
prints '"query":"a ball moves"' 1 "$examples/overlay.sh" "$work/video.mkv" "$work/overlay.mkv" "a ball moves"
decodes "$work/overlay.mkv"

# Events that are published.
export SPOOL=$work/events.spool
timeout 300 "$examples/publish.sh" "$work/video.webm" "file://$work/published.jsonl" "a ball moves" >"$work/out" 2>&1 ||
  fail "publish.sh: $(tail -c 2000 "$work/out")"
grep -q '"query":"a ball moves"' "$work/published.jsonl" || fail "publish.sh: no event in $(head -c 2000 "$work/published.jsonl")"
