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
  # Where a host has a gate, a shard waits there for a token of its own, so that things happen
  # before the search is over, and not perhaps. A host that is slow does not come to its gate.
  sed -i '/^exec kgl-shard-search/i source "$here/gate.sh"' "$RNA/run_sequence_nn_shard.sh"
  cat >"$RNA/gate.sh" <<'END'
while [ -e /workspace/slow ]; do sleep 0.1; done
while [ -d /workspace/gate ]; do
  for token in /workspace/gate/*; do ! rm "$token" 2>/dev/null || break 2; done
  sleep 0.1
done
END
  cat >faults.bash <<'END'
set -euo pipefail
export RNA_CLUSTER_HOSTS="host1 host2 host3" RNA_CLUSTER_SHARDS=${shards-12} KGL_SSH_PATIENCE=2,3
TMPDIR=$(mktemp -d /tmp/kgl.XXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
launch=$RNA/launch_cluster_search.sh merged=$RNA/outputs/sequence_nn_search_merged.json
there=/workspace/kaggle/competitions/$slug/outputs/searches
soon=(--lost-after 2 --slow-after 6 --give-up-after 120)
make() { command make CARGO=true "$@"; }

# How many shards are here; shards_here N: whether so many.
count_here() { { find "$RNA/outputs/searches" -name "sequence_nn_search.shard*.json" 2>/dev/null || true; } | wc -l; }
shards_here() { [ "$(count_here)" -ge "$1" ]; }
until_so() { # COMMAND...: waits until it succeeds, for a minute at most
  local tries=0
  until "$@"; do
    [ $((tries += 1)) -lt 600 ] || { echo "waited in vain: $*" >&2; return 1; }
    sleep 0.1
  done
}
disk() { echo "$KGL_FLEET_DIR/$1/root"; }
# hold: from now on a shard on a host needs a token; let: each host gets one; go_on: no more gates.
hold() { local host; for host in host1 host2 host3; do mkdir -p "$(disk $host)/workspace/gate"; done; }
let_one() { local host; for host in host1 host2 host3; do mktemp -p "$(disk $host)/workspace/gate" >/dev/null || true; done; }
go_on() { local host; for host in host1 host2 host3; do rm -rf "$(disk $host)/workspace/gate"; done; }
# Nothing of an earlier search, anywhere.
fresh() {
  local host
  rm -rf "$RNA/outputs/searches" "$merged"
  for host in host1 host2 host3; do fleet on "$host" sh -c "rm -rf $there"; done
}
begin() { timeout 180 "$launch" --go "${soon[@]}" "$@" >../search.log 2>&1 & search=$!; }
# in_the_middle: a search began, some shards are here, and none comes before go_on.
in_the_middle() { fresh; hold; let_one; begin; until_so shards_here 2; }
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
# Folders of runs on hosts.
runs_on_hosts() { local host; for host in host1 host2 host3; do ls "$(disk $host)/workspace/kaggle/competitions/$slug/outputs/runs"; done; }
# No ssh is left that held a connection, and no socket.
connections_are_gone() { ! pgrep -f "ControlMaster=yes" && [ -z "$(find "$TMPDIR" -type s)" ]; }
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
    fresh; hold; let_one
    make train "competition=$slug" where=fleet go=1
    until_so shards_here 4
    timeout 3 make CARGO=true monitor "competition=$slug" >../map.log || true
    grep -q "^host1 .*[#>].* at work" ../map.log
    # End it: nothing runs any more, what is finished stays.
    make stop "competition=$slug"
    grep -q "ended by a signal" "$RNA"/outputs/runs/*/run.log
    [ -z "$(at_work)" ]
    shards_here 4
    ends 1 shards_here 5
    # And go on.
    let_one
    make train "competition=$slug" where=fleet go=1
    until_so shards_here 5
    make pull "competition=$slug"
    go_on
    make watch-local "competition=$slug" >../watched.log
    grep -q "merged:" ../watched.log
    cmp local.json "$merged"
    [ -z "$(at_work)" ]
    # What it would take was said before anything began, and nothing is left that is of no use.
    grep -q "here, .* there (sync .*): .*; going all the same" "$RNA"/outputs/runs/*/run.log
    grep -q "the folders of . runs were removed there, since their shards are here" "$RNA"/outputs/runs/*/run.log
    [ -z "$(runs_on_hosts)" ]
    connections_are_gone
  '
}

@test "hosts that are cut off, powered off, frozen or not to be trusted" {
  beside_hosts '
    in_the_middle; fleet cut host2; go_on; same "link cut"; fleet mend host2
    in_the_middle; fleet off host3; go_on; fleet boot host3; same "off and on"
    in_the_middle; fleet freeze host1; go_on; same "sshd frozen"; fleet thaw host1
    # Connections that stand are not asked for keys: they end, and new ones are refused.
    in_the_middle; fleet refuse host2; fleet drop host2; go_on; same "key refused"; fleet accept host2
    grep -q "host2 refuses our keys" ../search.log
    in_the_middle; fleet rekey host2; go_on; same "host key changed"
    # It is not used again until somebody says that the key is right.
    grep -q "host2 has another host key than before" ../search.log
  '
}

@test "disks that are full, files that are broken, programs that are missing, clocks that are wrong" {
  beside_hosts '
    in_the_middle; fleet fill host2; go_on; same "disk full"; fleet empty host2
    in_the_middle; fleet hide host1 tmux; go_on; same "tmux missing"; fleet show host1 tmux
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
    in_the_middle
    # Here a second one is refused; another machine may take part.
    leader=$(pgrep -x kgl-fleet)
    kill -STOP "$leader"
    ends 1 "$launch" --go 2>../second.log
    kill -CONT "$leader"
    grep -q "another launch leads this search already" ../second.log
    go_on
    RNA_OUT=$RNA/outputs/second RNA_MERGED=$PWD/../second.json "$launch" --go "${soon[@]}" 2>../second.log ||
      { cat ../second.log >&2; exit 1; }
    same "two launches"
    cmp local.json ../second.json
    in_the_middle
    kill -INT $(pgrep -x kgl-fleet); ends 3 wait "$search"
    grep -q "same command takes it up again" ../search.log
    connections_are_gone
    begin; go_on; same "interrupted"
    in_the_middle
    kill -9 "$search" $(pgrep -x kgl-fleet); wait "$search" || true
    until_so connections_are_gone
    begin; go_on; same "killed"
    soon=(--lost-after 1 --give-up-after 3); in_the_middle
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

@test "a host that answers and is slow: its shards move after the stated time, and are the same" {
  beside_hosts '
    touch "$(disk host2)/workspace/slow"
    begin; same "slow"
    grep -q "host2 has had it for [6-9] s: host[13] searches shard [0-9]* as well" ../search.log
    ! grep -q "host2.*is here" ../search.log
    # Its copies were ended.
    [ -z "$(at_work)" ]
    # One with time enough is left its shards.
    fresh; soon=(--slow-after 100); begin
    until_so shards_here 10
    rm "$(disk host2)/workspace/slow"
    same "not too slow"
    [ "$(grep -c "host2: shard .* is here" ../search.log)" -ge 2 ]
    ! grep -q "as well" ../search.log
  '
}

@test "a host on which programs of this machine do not run gets those that run anywhere, or a word" {
  # What a program says that is built against a newer C library than the host has.
  mkdir -p built/release built/static/bin
  cp "$KGL_ROOT"/target/release/{kgl-fleet,kgl-shard-search,kgl-merge,kgl-rsync-plan} built/release/
  cp "$KGL_ROOT"/target/release/{kgl-run,kgl-shard-search} built/static/bin/
  printf '#!/bin/sh\necho "./kgl-run: libc.so.6: version GLIBC_9.99 not found" >&2\nexit 1\n' >built/release/kgl-run
  chmod +x built/release/kgl-run
  rm target && ln -s built target
  beside_hosts '
    begin; same "programs for anywhere"
    # A second time they are there, and the others still do not run.
    fresh; begin; same "programs for anywhere again"
    mv built/static built/away
    fresh; soon=(--give-up-after 1); begin; ends 3 wait "$search"
    grep -q "host1: kgl as it was built here does not run there (./kgl-run: .*GLIBC_9.99 not found)" ../search.log
    grep -q "scripts/static-binaries.sh target/static/bin kgl-run kgl-shard-search" ../search.log
  '
}

@test "random combinations of faults" {
  export shards=24
  beside_hosts '
    for seed in ${KGL_FLEET_SEEDS:-1}; do
      RANDOM=$seed
      fresh; hold; begin
      for ((step = 1; step <= 4; step++)); do
        # Every fault finds the search at work: each host has let one shard through, or is held.
        before=$(count_here)
        let_one
        until_so shards_here "$((before + 1))"
        kill -0 "$search"
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
      go_on
      same "seed $seed"
    done
  '
}
