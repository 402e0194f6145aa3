#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Events into PostgreSQL: to-postgresql.sh CONNECTION [EVENTS.jsonl], where CONNECTION is what psql takes
#   gvl-ground --json VIDEO "the picture goes black" | to-postgresql.sh "dbname=studio"
# What is in it already, as where gvlpublish delivered an event twice, is not put in again. Times are seconds.
set -euo pipefail
connection=${1:?usage: to-postgresql.sh CONNECTION [EVENTS.jsonl]}

# A line of JSON has no control characters: CSV that quotes and parts by two of these takes it as it is.
jq --compact-output . "${2:--}" | psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction \
  --command="CREATE TABLE IF NOT EXISTS events (
    query text, text text, start double precision, stop double precision, confidence double precision,
    source text, utc_start timestamptz, event jsonb UNIQUE)" \
  --command="CREATE TEMPORARY TABLE lines (line jsonb)" \
  --command="\\copy lines FROM STDIN WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')" \
  --command="INSERT INTO events
    SELECT line->>'query', line->>'text', (line->>'start')::double precision / 1e9, (line->>'stop')::double precision / 1e9,
           (line->>'confidence')::double precision, line->>'source', (line->>'utc-start')::timestamptz, line
    FROM lines ON CONFLICT DO NOTHING" "$connection"
