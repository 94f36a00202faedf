# The search over a fleet of real hosts, and what happens to hosts while it runs. Whatever it
# is, the merged document is the one that this machine makes alone.
#
# KGL_FLEET_SEEDS="1 2 3"  seeds of random combinations of faults (default: 1)

setup() {
  load helpers
  make_project
  slug=stanford-rna-3d-folding-2
  generate_data
  "$RNA/run_local_search.sh" 2>/dev/null
  mv "$RNA/outputs/sequence_nn_search_merged.json" local.json
  rm -r "$RNA/outputs/searches"
  # A shard takes a while, so that things can happen meanwhile.
  sed -i '/^exec kgl-shard-search/i sleep "$(cat "$here/pace" 2>/dev/null || echo 0)"' "$RNA/run_sequence_nn_shard.sh"
  echo 0.3 >"$RNA/pace"
  cat >faults.bash <<'END'
set -euo pipefail
export RNA_CLUSTER_HOSTS="host1 host2 host3" RNA_CLUSTER_SHARDS=12 KGL_SSH_PATIENCE=2,3
launch=$RNA/launch_cluster_search.sh merged=$RNA/outputs/sequence_nn_search_merged.json
there=/workspace/kaggle/competitions/$slug/outputs/searches
soon=(--lost-after 2 --slow-after 6 --give-up-after 120)
make() { command make CARGO=true "$@"; }

# shards_here N: whether so many are here.
shards_here() { [ "$(find "$RNA/outputs/searches" -name "sequence_nn_search.shard*.json" 2>/dev/null | wc -l)" -ge "$1" ]; }
until_so() { # COMMAND...: waits until it succeeds, for a minute at most
  local tries=0
  until "$@"; do
    [ $((tries += 1)) -lt 600 ] || { echo "waited in vain: $*" >&2; return 1; }
    sleep 0.1
  done
}
# Nothing of an earlier search, anywhere.
fresh() {
  local host
  rm -rf "$RNA/outputs/searches" "$merged"
  for host in host1 host2 host3; do fleet on "$host" sh -c "rm -rf $there"; done
}
begin() { "$launch" --go "${soon[@]}" "$@" >../search.log 2>&1 & search=$!; }
# It has ended well, and the result is the one that was made here alone.
same() {
  local code=0
  wait "$search" || code=$?
  [ "$code" -eq 0 ] || { echo "exit $code" >&2; cat ../search.log >&2; return 1; }
  cmp local.json "$merged" || { cat ../search.log >&2; return 1; }
  echo "$1: $(grep -c 'is here' ../search.log) shards came, $SECONDS s" >&3
}
# ends CODE COMMAND...: with that code.
ends() {
  local code=0
  "${@:2}" || code=$?
  [ "$code" -eq "$1" ] || { echo "exit $code, not $1: ${*:2}" >&2; return 1; }
}
# What of the search runs on any host.
at_work() { local host; for host in host1 host2 host3; do fleet on "$host" pgrep -fa 'run_sequence|kgl-shard-search|kgl-run|tmux' || true; done; }
END
}

# beside_hosts SCRIPT: runs it with bash beside three hosts, in the project's folder; skipped
# where there cannot be any.
beside_hosts() {
  local status=0
  export RNA slug
  printf 'source faults.bash\n%s\n' "$1" >beside.sh
  "$KGL_ROOT/tests/fleet/up" -- bash beside.sh || status=$?
  [ "$status" -ne 77 ] || skip_counted fleet "no sshd, or no right to make namespaces"
  return "$status"
}

@test "train, monitor, pull and stop on a fleet, through make" {
  beside_hosts '
    # A search of milliseconds does not pay.
    ends 1 "$launch" 2>../advice.log
    grep -q "there (sync .*): stay local" ../advice.log
    "$launch" --dry-run >../dry.log
    [ "$(grep -c "^host[123]: tmux new-session -s rna-nn-shard-" ../dry.log)" -ge 11 ]
    fresh
    echo 2 >"$RNA/pace"
    make train "competition=$slug" where=fleet go=1
    until_so shards_here 4
    timeout 3 make CARGO=true monitor "competition=$slug" >../map.log || true
    grep -q "^host1 .*[#>].* at work" ../map.log
    # End it: nothing runs any more, what is finished stays.
    make stop "competition=$slug"
    grep -q "ended by a signal" "$RNA"/outputs/runs/*/run.log
    [ -z "$(at_work)" ]
    shards_here 4
    ends 1 shards_here 12
    # And go on.
    echo 0.3 >"$RNA/pace"
    make train "competition=$slug" where=fleet go=1
    until_so shards_here 6
    make pull "competition=$slug"
    make watch-local "competition=$slug" >../watched.log
    grep -q "merged:" ../watched.log
    cmp local.json "$merged"
    [ -z "$(at_work)" ]
  '
}

@test "hosts that are cut off, powered off, frozen or not to be trusted" {
  beside_hosts '
    begin; same "no fault"
    fresh; begin; until_so shards_here 2; fleet cut host2; same "link cut"; fleet mend host2
    fresh; begin; until_so shards_here 2; fleet off host3; sleep 1; fleet boot host3; same "off and on"
    fresh; begin; until_so shards_here 2; fleet freeze host1; same "sshd frozen"; fleet thaw host1
    fresh; begin; until_so shards_here 2; fleet refuse host2; same "key refused"; fleet accept host2
    fresh; begin; until_so shards_here 2; fleet rekey host2; same "host key changed"
    # It is not used again until somebody says that the key is right.
    grep -q "host2 has another host key than before" ../search.log
  '
}

@test "disks that are full, files that are broken, programs that are missing, clocks that are wrong" {
  beside_hosts '
    begin; until_so shards_here 2; fleet fill host2; same "disk full"; fleet empty host2
    fresh; begin; until_so shards_here 2; fleet hide host1 tmux; same "tmux missing"; fleet show host1 tmux
    fresh; fleet hide host3 rsync; begin; same "rsync missing"; fleet show host3 rsync
    grep -q "no rsync" ../search.log
    fresh; fleet skew host2 7200; fleet skew host3 -86400; begin; same "clocks skewed"
    # A shard that was half-written is moved aside and searched again.
    folder=$(basename "$RNA"/outputs/searches/*-of-12)
    fresh
    fleet on host2 sh -c "mkdir -p $there/$folder && echo \{ >$there/$folder/sequence_nn_search.shard4.json"
    begin; same "half-written"
    grep -q "shard 4 is broken" ../search.log
    fleet on host2 test -e "$there/$folder/sequence_nn_search.shard4.json.broken"
    # Two results of one shard: both are kept, and named.
    shard=sequence_nn_search.shard7.json
    sed "s/\"target_index\":/&1/" "$RNA/outputs/searches/$folder/$shard" >../other.json
    for host in host1 host2 host3; do fleet on $host sh -c "cat >$there/$folder/$shard" <../other.json; done
    rm "$merged"
    ends 2 "$launch" --pull 2>../corrupt.log
    grep -q "corruption:.*$shard.of-host1.corrupt" ../corrupt.log
    begin; ends 2 wait "$search"
    [ ! -e "$merged" ]
    ls "$RNA/outputs/searches/$folder/$shard" "$RNA/outputs/searches/$folder/$shard.of-host1.corrupt"
  '
}

@test "launches that are ended, killed, started twice, or left by every host" {
  beside_hosts '
    begin; until_so shards_here 2
    # Here a second one is refused; another machine may take part.
    leader=$(pgrep -x kgl-fleet)
    kill -STOP "$leader"
    ends 1 "$launch" --go 2>../second.log
    kill -CONT "$leader"
    grep -q "another launch leads this search already" ../second.log
    RNA_OUT=$RNA/outputs/second RNA_MERGED=$PWD/../second.json "$launch" --go "${soon[@]}" 2>../second.log ||
      { cat ../second.log >&2; exit 1; }
    same "two launches"
    cmp local.json ../second.json
    echo 2 >"$RNA/pace"
    fresh; begin; until_so shards_here 2
    kill -INT $(pgrep -x kgl-fleet); ends 3 wait "$search"
    grep -q "same command takes it up again" ../search.log
    echo 0.3 >"$RNA/pace"
    begin; same "interrupted"
    echo 2 >"$RNA/pace"
    fresh; begin; until_so shards_here 2
    kill -9 "$search" $(pgrep -x kgl-fleet); wait "$search" || true
    echo 0.3 >"$RNA/pace"
    begin; same "killed"
    echo 2 >"$RNA/pace"
    fresh; soon=(--lost-after 1 --give-up-after 3); begin; until_so shards_here 2
    for host in host1 host2 host3; do fleet cut "$host"; done
    ends 3 wait "$search"
    grep -q "no host is of any use; shards .* of 12 are missing" ../search.log
    grep -q "launch_cluster_search.sh --here" ../search.log
    ends 3 "$launch" --stop 2>../stop.log
    grep -q "what runs there goes on" ../stop.log
    "$launch" --here 2>../here.log
    cmp local.json "$merged"
  '
}

@test "random combinations of faults" {
  beside_hosts '
    for seed in ${KGL_FLEET_SEEDS:-1}; do
      RANDOM=$seed
      fresh; begin
      for ((at = 1; at <= 7; at += 2)); do
        until_so eval "shards_here $at || ! kill -0 $search 2>/dev/null"
        host=host$((RANDOM % 3 + 1))
        case $((RANDOM % 7)) in
          0) does="cut $host" undo="mend $host" ;;
          1) does="off $host" undo="boot $host" ;;
          2) does="freeze $host" undo="thaw $host" ;;
          3) does="refuse $host" undo="accept $host" ;;
          4) does="fill $host" undo="empty $host" ;;
          5) does="hide $host tmux" undo="show $host tmux" ;;
          6) does=kill undo= ;;
        esac
        echo "seed $seed: $does" >&3
        if [ "$does" = kill ]; then
          ! kill -9 "$search" $(pgrep -x kgl-fleet) 2>/dev/null || { wait "$search" || true; begin; }
        else
          fleet $does
          sleep "$((RANDOM % 3))"
          fleet $undo
        fi
      done
      same "seed $seed"
    done
  '
}
