#!/usr/bin/env bash
# Summary: time the check of a submission beside DuckDB's SUMMARIZE of the same file.
# Usage:   bench-submit.sh [ROWS [FOLDER]]
#
#   ROWS    rows of fifteen coordinates            (default: 15000000, 2 GB)
#   FOLDER  where files and DuckDB's Python go     (default: target/bench-submit)
#
# The check reads the sample twice besides, digests both files, and holds every row
# against its twin; SUMMARIZE reads the submission alone. DuckDB comes from PyPI into
# an environment of its own. Each is run three times, one after the other; files are
# in the page cache if they fit.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
rows=${1:-15000000}
folder=${2:-$KGL_ROOT/target/bench-submit}
need python3 "apt-get install -y python3 python3-venv"

cd "$KGL_ROOT"
cargo build --release --locked --quiet -p kgl-submit --bins --examples
if [ ! -x "$folder/duckdb/bin/python" ]; then
  python3 -m venv "$folder/duckdb"
  "$folder/duckdb/bin/pip" install --quiet --disable-pip-version-check duckdb
fi
if [ "$(cat "$folder/rows" 2>/dev/null)" != "$rows" ]; then
  say "making up $rows rows"
  target/release/examples/made_up "$folder" "$rows"
  printf '%s' "$rows" >"$folder/rows"
fi
cat >"$folder/request.json" <<'END'
{ "schema": "kgl.submission-request/1", "competition": "made-up", "submission": "submission.csv", "sample": "sample.csv",
  "ranges": [ { "columns": "x_*", "min": -999.999, "max": 9999.999 } ] }
END

cd "$folder"
bytes=$(stat -c %s submission.csv)
say "submission.csv: $bytes bytes, sample.csv: $(stat -c %s sample.csv); $(nproc) cores"
# timed NAME COMMAND...: wall and CPU seconds of one run.
TIMEFORMAT='%R s wall, %U s user, %S s system'
timed() {
  printf '%-24s' "$1" >&2
  shift
  time "$@" >/dev/null
}
for _ in 1 2 3; do
  timed "kgl-submit --check" kgl-submit --check --quiet request.json --out check.json
  timed "duckdb SUMMARIZE" duckdb/bin/python -c "import duckdb; duckdb.sql(\"SUMMARIZE FROM read_csv('submission.csv')\").fetchall()"
done
