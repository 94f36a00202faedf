#!/usr/bin/env bash
# One task of an array job: fetches what the job names, by digest, then executes its entry.
set -euo pipefail

# A folder of its own for each attempt: nothing of an attempt that was cut is ever looked at.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >files <<'FILES'
@FILES@
FILES

mkdir fetched
cut -c 1-64 files | sort -u | sed "s|^|$KGL_FILES/|" |
  gcloud storage cp --read-paths-from-stdin --no-user-output-enabled fetched/
while read -r digest path; do
  mkdir -p "$(dirname "$path")"
  cp "fetched/$digest" "$path"
  chmod u+x "$path"
done <files
sha256sum --check --quiet files

export KGL_JOB=$work/job
"$work/@ENTRY@"
