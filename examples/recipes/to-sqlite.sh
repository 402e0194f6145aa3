#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events into a database of SQLite's: to-sqlite.sh DATABASE [EVENTS.jsonl]
#   gvl-ground --json VIDEO "the picture goes black" | to-sqlite.sh events.db
# What is in it already, as where gvlpublish delivered an event twice, is not put in again. Times are seconds.
set -euo pipefail
database=${1:?usage: to-sqlite.sh DATABASE [EVENTS.jsonl]}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
jq --compact-output --slurp . "${2:--}" >"$folder/events.json"
database=$(realpath "$database")
cd "$folder"
sqlite3 -bail "$database" <<'SQL'
CREATE TABLE IF NOT EXISTS events (
  query TEXT, text TEXT, start REAL, stop REAL, confidence REAL, source TEXT, utc_start TEXT, event TEXT UNIQUE);
INSERT OR IGNORE INTO events
  SELECT value ->> 'query', value ->> 'text', (value ->> 'start') / 1e9, (value ->> 'stop') / 1e9, value ->> 'confidence',
         value ->> 'source', value ->> 'utc-start', value
  FROM json_each(readfile('events.json'));
SQL
