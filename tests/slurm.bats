# Array jobs under a real Slurm: three nodes on this machine.

setup() {
  load helpers
}

# in_cluster SCRIPT: runs it beside a cluster; skipped where there can be none.
in_cluster() {
  local status=0
  "$KGL_ROOT/tests/slurm/up" -- timeout 100 bash -euo pipefail -c "$1" || status=$?
  [ "$status" -ne 77 ] || skip_counted slurm "no slurm-wlm and munge, or no right to make namespaces"
  return "$status"
}

@test "an array loses a node in the middle, is requeued, and the merge behind it gives the same bytes" {
  make_project
  generate_data
  "$RNA/run_local_search.sh" 2>/dev/null
  mv "$RNA/outputs/sequence_nn_search_merged.json" "$BATS_TEST_TMPDIR/here.json"
  # So that there is a middle: tasks wait until they are let go.
  mv "$RNA/run_sequence_nn_shard.sh" "$RNA/real.sh"
  cat >"$RNA/run_sequence_nn_shard.sh" <<'TASK'
#!/usr/bin/env bash
here=$(dirname "$0")
echo "$SLURMD_NODENAME $1 restarts=${SLURM_RESTART_COUNT:-0}" >>"$here/journal"
until [ -e "$here/go" ]; do sleep 0.1; done
exec "$here/real.sh" "$@"
TASK
  chmod +x "$RNA/run_sequence_nn_shard.sh"
  export RNA
  # shellcheck disable=SC2016
  in_cluster '
    scripts/slurm-submit.sh stanford-rna-3d-folding-2 --count 6 --workers 1 --memory 100
    until [ "$(wc -l 2>/dev/null <"$RNA/journal")" = 6 ]; do sleep 0.1; done
    lost=$(squeue --noheader --array --nodelist=n1 --format=%i)
    # The daemon of the node dies, and Slurm need not wait until it notices.
    kill -KILL "$(cat "${SLURM_CONF%/*}/n1.pid")"
    scontrol update nodename=n1 state=down reason=test
    touch "$RNA/go"
    until [ -e "$RNA/outputs/sequence_nn_search_merged.json" ]; do
      # Slurm lets requeued tasks wait for two minutes.
      for task in $lost; do scontrol update "jobid=$task" StartTime=now 2>/dev/null || true; done
      sleep 0.3
    done
  '
  cmp "$RNA/outputs/sequence_nn_search_merged.json" "$BATS_TEST_TMPDIR/here.json"
  # The two tasks of the lost node ran once more, elsewhere.
  [ "$(grep -c '^n1 .* restarts=0$' "$RNA/journal")" -eq 2 ]
  [ "$(grep -c '^n[23] .* restarts=1$' "$RNA/journal")" -eq 2 ]
}

@test "only what is missing is submitted again, and nothing when nothing is" {
  make_project
  generate_data
  export RNA
  # shellcheck disable=SC2016
  in_cluster '
    submit() { scripts/slurm-submit.sh stanford-rna-3d-folding-2 "$@" --workers 1 --memory 100; }
    merged=$RNA/outputs/sequence_nn_search_merged.json
    submit --count 6
    until [ -e "$merged" ]; do sleep 0.2; done
    sha256sum "$merged" >"$RNA/first"
    rm "$merged" "$RNA"/outputs/arrays/*-6/*shard{2,5}.json
    submit
    until [ -e "$merged" ]; do sleep 0.2; done
    sha256sum --check --quiet "$RNA/first"
    [ "$(cat "$(ls -td "$RNA"/outputs/arrays/kgl-* | head -n 1)/map")" = "$(printf "2\n5")" ]
    status=0
    submit 2>"$RNA/said" || status=$?
    [ "$status" = 1 ]
    grep -q "all 6 shards are there" "$RNA/said"
  '
}
