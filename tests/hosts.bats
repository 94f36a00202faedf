# Whole ways to a host and back, beside real ones.

setup() {
  load helpers
  make_project
  slug=stanford-rna-3d-folding-2
}

# beside_hosts SCRIPT: runs it with bash beside three hosts, in the project's folder; skipped
# where there cannot be any.
beside_hosts() {
  local status=0
  printf 'set -euo pipefail\n%s\n' "$1" >beside.sh
  "$KGL_ROOT/tests/fleet/up" -- bash beside.sh || status=$?
  [ "$status" -ne 77 ] || skip_counted fleet "no sshd, or no right to make namespaces"
  return "$status"
}

# The RNA competition, at home on host1.
move_to_host1() {
  generate_data
  sed -i 's|"where": "local"|"where": "host"|; s|"host": "vast", "root": "/workspace/kaggle"|"host": "host1", "root": "/work space/kaggle"|' "$RNA/challenge.json"
  grep -q '"where": "host"' "$RNA/challenge.json"
  # predict runs where the data is.
  export RNA slug
}

@test "sync, train, monitor, pull: a search on a host comes back as if it had run here" {
  move_to_host1
  beside_hosts '
    make() { command make CARGO=true "$@"; }
    scripts/install-codex-remote.sh host1 "/work space/kaggle"
    scripts/install-codex-remote.sh host1 "/work space/kaggle" 2>../again.log
    make sync "competition=$slug" 2>../sync.log
    grep -q "2 of 2 are not there yet" ../sync.log
    grep -q "verified: nothing is left to do" ../sync.log
    make sync "competition=$slug" 2>../sync.log
    grep -q "0 of 2 are not there yet" ../sync.log
    make train "competition=$slug"
    make watch-local "competition=$slug" >../watched.log
    grep -q "merged:" ../watched.log
    kgl-probe --from "$RNA/challenge.json" >probe.json
    grep -q "\"state\":\"done\"" probe.json
    make status "competition=$slug" | grep -q "\"state\":\"done\""
    make pull "competition=$slug"
    mv "$RNA/outputs/sequence_nn_search_merged.json" from-host.json
    kgl-run --competition "$slug" --where local train
    cmp from-host.json "$RNA/outputs/sequence_nn_search_merged.json"
    make stop "competition=$slug"
  '
}

@test "train-1-auto goes through pull, predict and stop, and can be taken up again" {
  move_to_host1
  # One shard is no merge, so for this test one run is all of them.
  sed -i 's|"train-1": .*|"train-1": ["./run_local_search.sh"],|' "$RNA/challenge.json"
  beside_hosts '
    make() { command make CARGO=true "$@"; }
    scripts/install-codex-remote.sh host1 "/work space/kaggle"
    make sync "competition=$slug"
    (make train-1-auto "competition=$slug" & echo $! >pid; wait) >/dev/null 2>&1 &
    until kgl-run --competition "$slug" status 2>/dev/null | grep -q train-1; do sleep 0.1; done
    # This machine goes down, as far as the script can tell.
    pkill -9 -f "^bash scripts/train-1-auto.sh" || true
    pkill -9 -x kgl-run || true
    make train-1-auto "competition=$slug"
    grep -q "\"valid\":true" "$RNA/outputs/submission_check.json"
  '
}

@test "Kaggle's credentials reach a host whole, closed and unseen" {
  mkdir home
  mkdir home/.kaggle
  echo '{"username":"me","key":"0123secret"}' >home/.kaggle/kaggle.json
  beside_hosts '
    export KAGGLE_CONFIG_DIR=$PWD/home/.kaggle
    push=scripts/push-kaggle-auth-remote.sh
    bash -x "$push" host1 2>../trace.log
    ! grep -q 0123secret ../trace.log
    there() { ssh host1 "$@"; }
    there cat .kaggle/kaggle.json | cmp - home/.kaggle/kaggle.json
    [ "$(there stat -c %a .kaggle/kaggle.json)" = 600 ]
    "$push" host1 2>&1 | grep -q "is there already"
    echo "{\"username\":\"me\",\"key\":\"another\"}" >home/.kaggle/kaggle.json
    "$push" host1
    there grep -q 0123secret .kaggle/kaggle.json.before
    there ls -A .kaggle | grep -c . | grep -qx 2
    fleet fill host1
    code=0; "$push" host1 || code=$?; [ "$code" -eq 0 ]
    echo "{\"username\":\"me\",\"key\":\"third\"}" >home/.kaggle/kaggle.json
    code=0; "$push" host1 || code=$?; [ "$code" -eq 3 ]
    there grep -q another .kaggle/kaggle.json
    fleet empty host1
    fleet off host1
    code=0; "$push" host1 || code=$?; [ "$code" -eq 3 ]
    rm home/.kaggle/kaggle.json
    code=0; "$push" host1 || code=$?; [ "$code" -eq 2 ]
  '
}
