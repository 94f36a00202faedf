# Verbs of a competition through kgl-run and the Makefile.

setup() {
  load helpers
  make_project
  slug=stanford-rna-3d-folding-2
}

teardown() {
  cd "$PROJECT" && project_make stop "competition=$slug" >/dev/null 2>&1 || true
}

ended() {
  project_make status "competition=$slug" 2>/dev/null | head -n 1 | grep -q "\"state\":\"$1\""
}

@test "train, watch, predict: a submission that passes the check" {
  generate_data
  run -0 project_make train "competition=$slug"
  run -0 project_make watch-local "competition=$slug"
  [[ "$output" == *"merged:"* ]]
  ended "done"
  run -0 project_make predict-smoke "competition=$slug"
  run -0 project_make predict "competition=$slug"
  cmp <(cut -d, -f1 "$RNA/outputs/submission.csv") <(cut -d, -f1 "$RNA/data/sample_submission.csv")
  grep -q '"valid":true' "$RNA/outputs/submission_check.json"
}

@test "training again takes the shards that are there" {
  generate_data
  project_make train-1 "competition=$slug"
  "$RNA/run_local_search.sh" 2>first.log
  "$RNA/run_local_search.sh" 2>second.log
  grep -q 'shard 3 of 16' first.log
  ! grep -q 'shard 3 of 16' second.log
  grep -q 'merged 16 shards' second.log
}

@test "a failure says what, where and how to go on, and why repeats it" {
  run --separate-stderr project_make predict "competition=$slug"
  [ "$status" -eq 2 ]
  [[ "$stderr" == *"make predict competition=$slug"* ]]
  run -0 project_make why "competition=$slug"
  [[ "$output" == *"run.log"* ]]
  [[ "$output" == *"make predict competition=$slug"* ]]
}

@test "a run that is killed is told to have died" {
  printf '#!/bin/sh\nexec sleep 300\n' >"$RNA/run_local_search.sh"
  project_make train "competition=$slug"
  ended running
  pid=$(project_make status "competition=$slug" 2>/dev/null | head -n 1 | sed -E 's/.*"pid":([0-9]+).*/\1/')
  kill -9 "$pid"
  wait_until 5 ended died
}

@test "stop ends what runs and leaves nothing behind" {
  printf '#!/bin/sh\nsleep 301 &\nsleep 301\n' >"$RNA/run_local_search.sh"
  project_make train "competition=$slug"
  wait_until 5 pgrep -f 'sleep 301'
  run -0 project_make stop "competition=$slug"
  ended stopped
  ! pgrep -f 'sleep 301'
  run -0 project_make stop "competition=$slug"
}
