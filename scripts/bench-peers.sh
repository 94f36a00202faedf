#!/usr/bin/env bash
# Summary: install the programs that the benchmark compares with; where it may not, say what is missing.
# Usage:   bench-peers.sh VENV
#
# Debian's packages for a root user on Debian; Biopython from PyPI into the
# environment VENV. Idempotent. What stays missing is named in the benchmark's
# table, and nothing is compared with it.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
[ $# -eq 1 ] || die 2 "give the folder of a Python environment (see --help)"
venv=$1

# Each line: the Debian package, and the program it brings.
packages=()
while IFS='|' read -r package program; do
  command -v "$program" >/dev/null || packages+=("$package")
done <<'END_OF_LIST'
parasail|parasail_aligner
ssw-align|ssw_test
vsearch|vsearch
ncbi-blast+|blastn
mmseqs2|mmseqs
fasta3|fasta36
END_OF_LIST

log=$(mktemp)
trap 'rm -f "$log"' EXIT

if [ "${#packages[@]}" -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  say "installing to compare with: ${packages[*]}"
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    packages=()
  else
    say "apt-get failed, and said last:"
    tail -n 3 "$log" >&2
  fi
fi
[ "${#packages[@]}" -eq 0 ] || say "missing: ${packages[*]}   (apt-get install -y ${packages[*]})"

if ! "$venv/bin/python" -c 'import Bio' 2>/dev/null; then
  say "installing Biopython into $venv"
  if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet biopython==1.88; } >"$log" 2>&1; then
    say "Biopython could not be installed; pip said last:"
    tail -n 3 "$log" >&2
  fi
fi
