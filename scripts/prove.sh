#!/usr/bin/env bash
# Summary: one search on each compute, with a fault in each, and whether all give the same bytes.
# Usage:   prove.sh [LEG...]
#
#   LEG  here, fleet, slurm, batch (default: all of them)
#
#   here   on this machine; killed in the middle, and started again
#   fleet  on three hosts over ssh; one is powered off in the middle
#   slurm  under a real Slurm of three nodes here; a node dies in the middle
#   batch  through the real gcloud and a stand-in of GCP Batch; machines are taken away
#
# The data are generated, projects and services are made for it and go with it; no account and
# no network. A leg that cannot run here is named, with the reason.
# Exit 1 when two legs differ or one fails, 2 when a tool is missing.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
slug=stanford-rna-3d-folding-2
shards=6

# absent WHY: this leg cannot run here.
absent() {
  printf '%s\n' "$*" >&3
  exit 77
}

# project: a project of the leg's own in $work/$leg, on the data that all legs have.
project() {
  mkdir -p "$work/$leg/competitions/$slug"
  cp -r "$KGL_ROOT/scripts" "$work/$leg/"
  find "$KGL_ROOT/competitions/$slug" -maxdepth 1 -type f -exec cp -t "$work/$leg/competitions/$slug" {} +
  ln -s "$KGL_ROOT/target" "$work/$leg/target"
  ln -s "$work/data" "$work/$leg/competitions/$slug/data"
  sed -i "s/\"shards\": [0-9]*/\"shards\": $shards/" "$work/$leg/competitions/$slug/search.json"
  rna=$work/$leg/competitions/$slug
  merged=$rna/outputs/sequence_nn_search_merged.json
  cd "$work/$leg"
}

leg_here() {
  local there=0
  project
  mkdir "$rna/outputs"
  setsid "$rna/run_local_search.sh" &
  while kill -0 $! 2>/dev/null && [ "$there" -eq 0 ]; do
    there=$(find "$rna/outputs" -name '*.shard*.json' | wc -l)
  done
  kill -KILL -- "-$!" 2>/dev/null || true
  wait $! || true
  there=$(find "$rna/outputs" -name '*.shard*.json' | wc -l)
  "$rna/run_local_search.sh"
  printf 'killed when %s of %s shards were there, started again\n' "$there" "$shards" >&3
}

leg_fleet() {
  local status=0
  project
  # What travels to hosts lies in the project.
  rm "$rna/data"
  cp -r "$work/data" "$rna/data"
  # So that there is a middle: a shard takes a while.
  sed -i '/^exec kgl-shard-search/i sleep 1' "$rna/run_sequence_nn_shard.sh"
  export rna RNA_CLUSTER_HOSTS="host1 host2 host3" RNA_CLUSTER_SHARDS=$shards KGL_SSH_PATIENCE=3,5
  # shellcheck disable=SC2016 # for the shell beside the hosts
  "$KGL_ROOT/tests/fleet/up" -- timeout 300 bash -euo pipefail -c '
    "$rna/launch_cluster_search.sh" --go --lost-after 3 &
    until [ -n "$(find "$rna/outputs" -name "*.shard*.json" 2>/dev/null)" ]; do sleep 0.1; done
    fleet off host2
    wait $!' || status=$?
  [ "$status" -ne 77 ] || absent "no sshd, or no right to make namespaces"
  [ "$status" -eq 0 ] || exit "$status"
  printf 'host2 was powered off in the middle, and its shards went to others\n' >&3
}

leg_slurm() {
  local status=0
  project
  # So that there is a middle: tasks wait until they are let go.
  mv "$rna/run_sequence_nn_shard.sh" "$rna/real.sh"
  cat >"$rna/run_sequence_nn_shard.sh" <<'TASK'
#!/usr/bin/env bash
here=$(dirname "$0")
echo "$1" >>"$here/began"
until [ -e "$here/go" ]; do sleep 0.1; done
exec "$here/real.sh" "$@"
TASK
  chmod +x "$rna/run_sequence_nn_shard.sh"
  export rna merged slug shards
  # shellcheck disable=SC2016 # for the shell beside the cluster
  "$KGL_ROOT/tests/slurm/up" -- timeout 300 bash -euo pipefail -c '
    scripts/slurm-submit.sh "$slug" --count "$shards" --workers 1 --memory 100
    until [ "$(wc -l 2>/dev/null <"$rna/began")" = "$shards" ]; do sleep 0.1; done
    lost=$(squeue --noheader --array --nodelist=n1 --format=%i)
    kill -KILL "$(cat "${SLURM_CONF%/*}/n1.pid")"
    scontrol update nodename=n1 state=down reason=prove
    touch "$rna/go"
    until [ -e "$merged" ]; do
      # Slurm lets requeued tasks wait for two minutes.
      for task in $lost; do scontrol update "jobid=$task" StartTime=now 2>/dev/null || true; done
      sleep 0.3
    done' || status=$?
  [ "$status" -ne 77 ] || absent "no slurm-wlm and munge, or no right to make namespaces"
  [ "$status" -eq 0 ] || exit "$status"
  printf 'node n1 died with %s tasks, which were requeued\n' "$(($(wc -l <"$rna/began") - shards))" >&3
}

leg_batch() {
  command -v gcloud >/dev/null || absent "gcloud is missing (make gcp-install)"
  command -v python3 >/dev/null || absent "python3 is missing (apt-get install -y python3)"
  project
  local google=$work/google task tries
  mkdir "$google"
  mkfifo "$google/stdin"
  python3 "$KGL_ROOT/tests/gcp/stand_in.py" serve "$google" <"$google/stdin" &
  # Whoever holds this keeps it alive.
  exec 4>"$google/stdin"
  echo '{}' >&4
  for ((tries = 0; tries < 300; tries++)); do
    [ ! -e "$google/port" ] || break
    sleep 0.1
  done
  set -a
  # shellcheck source=/dev/null
  source "$google/environment"
  set +a
  scripts/gcp-batch-setup.sh
  # Taken away while it fetches, before its shard counts, and after.
  for task in '"on": "media", "task": 0, "preempt": "before"' '"on": "insert", "task": 1, "preempt": "before"' '"on": "insert", "task": 2, "preempt": "after"'; do
    python3 "$KGL_ROOT/tests/gcp/stand_in.py" tell "$google" fault "{$task}"
  done
  KGL_TASK_BINARY=$(command -v kgl-shard-search) scripts/gcp-batch-submit.sh "$slug" --count "$shards" --workers 1
  KGL_WATCH_S=1 scripts/gcp-batch-status.sh "$slug" --watch
  scripts/gcp-batch-pull.sh "$slug"
  printf '%s machines were taken away\n' "$(grep -c '"exit": 50001' "$google/journal.jsonl")" >&3
}

if [ "${1-}" = --leg ]; then
  leg=$2 work=$3
  "leg_$leg" >"$work/$leg.log" 2>&1 3>"$work/$leg.told"
  sha256sum "$merged" | cut -c 1-64 >"$work/$leg.digest"
  exit 0
fi

for program in rna3d kgl-shard-search kgl-merge kgl-batch-plan kgl-fleet; do need "$program" "run \`make build\`"; done
[ $# -gt 0 ] || set -- here fleet slurm batch
for leg in "$@"; do
  case $leg in here | fleet | slurm | batch) ;; *) die 2 "there is no leg $leg (see --help)" ;; esac
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rna3d generate "$work/data" --train 300 --test 6 --longest 300 --quiet
failed=0
for leg in "$@"; do
  code=0
  "$KGL_ROOT/scripts/prove.sh" --leg "$leg" "$work" || code=$?
  case $code in
    0) printf '%-6s %s  %s\n' "$leg" "$(cat "$work/$leg.digest")" "$(cat "$work/$leg.told")" ;;
    77) printf '%-6s not run: %s\n' "$leg" "$(cat "$work/$leg.told")" ;;
    *)
      failed=1
      printf '%-6s failed (code %s)\n' "$leg" "$code"
      tail -n 5 "$work/$leg.log" >&2
      ;;
  esac
done
digests=$(find "$work" -maxdepth 1 -name '*.digest' -exec cat {} + | sort | uniq | wc -l)
ran=$(find "$work" -maxdepth 1 -name '*.digest' | wc -l)
[ "$failed" -eq 0 ] || die 1 "a leg failed"
[ "$digests" -le 1 ] || die 1 "the merged documents are not the same"
[ "$ran" -gt 0 ] || die 1 "no leg can run here"
say "$ran of $# legs ran, and gave the same bytes"
