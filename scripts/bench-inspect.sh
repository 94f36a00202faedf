#!/usr/bin/env bash
# Summary: time the profile of a large table beside DuckDB's SUMMARIZE of the same file.
# Usage:   bench-inspect.sh [quick | BYTES [FOLDER]]
#
#   quick   a quarter of it, once
#   BYTES   size of the table                     (default: 2000000000)
#   FOLDER  where it and DuckDB's Python go       (default: target/bench-inspect)
#
# The table is made up: ids, dates, categories, numbers, words. kgl-inspect reads every
# value, as SUMMARIZE does. DuckDB comes from PyPI into an environment of its own. Each is
# run three times on all cores and on one, one after the other; the file is in the page
# cache if it fits. Peak memory is the largest of a process's life.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
rounds=3
case ${1-} in
  quick) bytes=500000000 rounds=1 ;;
  *) bytes=${1:-2000000000} ;;
esac
folder=${2:-$KGL_ROOT/target/bench-inspect}
need python3 "apt-get install -y python3 python3-venv"
need taskset "apt-get install -y util-linux"

cd "$KGL_ROOT"
cargo build --release --locked --quiet -p kgl-inspect --bins --examples
mkdir -p "$folder/data"
if [ ! -x "$folder/duckdb/bin/python" ]; then
  python3 -m venv "$folder/duckdb"
  "$folder/duckdb/bin/pip" install --quiet --disable-pip-version-check duckdb
fi
if [ "$(cat "$folder/bytes" 2>/dev/null)" != "$bytes" ]; then
  say "making up $bytes bytes"
  target/release/examples/made_up_table "$folder/data/sales.csv" "$bytes"
  printf '%s' "$bytes" >"$folder/bytes"
fi

cd "$folder"
say "sales.csv: $(stat -c %s data/sales.csv) bytes; $(nproc) cores"
cat >measure.py <<'END'
import os, subprocess, sys, time
begin = time.monotonic()
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
print(f"{sys.argv[1]:32} {time.monotonic() - begin:6.1f} s wall, {used.ru_utime + used.ru_stime:6.1f} s CPU, "
      f"{used.ru_maxrss / 1024:6.0f} MiB peak")
sys.exit(os.waitstatus_to_exitcode(status))
END
# beside CORES TASKSET...: each program once, on those cores.
beside() {
  local cores=$1
  shift
  python3 measure.py "kgl-inspect, $cores" "$@" kgl-inspect --quiet --data data --out inspection.json
  python3 measure.py "duckdb SUMMARIZE, $cores" "$@" duckdb/bin/python -c \
    "import duckdb; duckdb.sql(\"SUMMARIZE FROM read_csv('data/sales.csv')\").fetchall()"
}
for _ in $(seq "$rounds"); do
  beside "all cores"
  beside "one core" taskset -c 0
done
