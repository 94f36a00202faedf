# GCP Batch, with the real gcloud: against a stand-in of Google's services that checks what
# they would, and runs the tasks of a job as real processes.

setup() {
  load helpers
  slug=stanford-rna-3d-folding-2
}

# begin [SETTINGS]: a project, a small competition, and a Google Cloud for it.
begin() {
  gcp_stand_in "${1-}"
  make_project
  generate_data
  # What is built for the journey is tests/deploy.bats's; here the tasks run on this machine.
  KGL_TASK_BINARY=$(command -v kgl-shard-search)
  export KGL_TASK_BINARY KGL_GCP_PRICES=$PROJECT/prices.json KGL_WATCH_S=1
  sed "s/\"as_of\": \"[^\"]*\"/\"as_of\": \"$(date -u +%F)\"/" "$KGL_ROOT/scripts/gcp-prices.json" >"$KGL_GCP_PRICES"
  arrays=$RNA/outputs/arrays
}

# ready: as `make gcp-setup` leaves it, without the time that this takes.
ready='{"enabled": ["batch.googleapis.com"], "accounts": ["kgl-batch@kgl-test.iam.gserviceaccount.com"],
 "buckets": {"kgl-test-kgl": {"project": "kgl-test", "policy": {"bindings": [
   {"role": "roles/storage.objectViewer", "members": ["serviceAccount:kgl-batch@kgl-test.iam.gserviceaccount.com"]},
   {"role": "roles/storage.objectCreator", "members": ["serviceAccount:kgl-batch@kgl-test.iam.gserviceaccount.com"]}]}}}'
# On one line, and closed.
ready=$(tr -d '\n' <<<"$ready")

submit() { scripts/gcp-batch-submit.sh "$slug" --count 3 --workers 1 "$@"; }
status() { scripts/gcp-batch-status.sh "$slug" "$@"; }
pull() { scripts/gcp-batch-pull.sh "$slug"; }
stop() { scripts/gcp-batch-stop.sh "$slug"; }

# here: the merged document as this machine alone makes it.
merged_here() {
  RNA_OUT=$BATS_TEST_TMPDIR/here "$RNA/run_local_search.sh" 2>/dev/null
  printf '%s' "$BATS_TEST_TMPDIR/here/sequence_nn_search_merged.json"
}

# count RPC: how many lines of the journal are of this kind.
count() { google journal | grep -c "\"rpc\": \"$1\"" || true; }

# no_job: nothing half-made is left behind: no job there, no record of one here.
no_job() {
  [[ $(google state) == *'"jobs": []'* ]]
  [ -z "$(find "$arrays" -mindepth 1 2>/dev/null)" ]
}

@test "from nothing to the merged document: set up twice, lose machines, pull the same bytes" {
  begin
  for _ in 1 2; do
    run -0 scripts/gcp-batch-setup.sh
    [[ "$output" == *"account:  kgl-batch@kgl-test.iam.gserviceaccount.com"* ]]
  done
  state=$(google state)
  [[ $state == *'"matchesPrefix": ["kgl/"]'* && $state == *'"publicAccessPrevention": "enforced"'* ]]
  [ "$(grep -o 'roles/[a-zA-Z.]*' <<<"$state" | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" = \
    "1 roles/batch.agentReporter 1 roles/logging.logWriter 1 roles/storage.objectCreator 1 roles/storage.objectViewer " ]

  # One machine is lost before its shard counts, one after that, one while it fetches.
  google fault '{"on": "insert", "task": 0, "attempt": 0, "preempt": "before"}'
  google fault '{"on": "insert", "task": 1, "attempt": 0, "preempt": "after"}'
  google fault '{"on": "media", "task": 2, "attempt": 0, "preempt": "before"}'
  run -0 --separate-stderr submit
  id=$output
  [[ "$id" == kgl-* && "$stderr" == *"make gcp-status competition=$slug"* ]]
  run -0 --separate-stderr status --watch
  [ -z "$output" ]
  [[ "$stderr" == *"$id: SUCCEEDED, 3 of 3 shards done"* && "$stderr" == *"3 × preempted"* && "$stderr" == *"all tasks are done"* ]]
  run -0 --separate-stderr status --json
  [[ "$output" == *'"lost":{"preempted":3}'*'"schema":"kgl.array-status/1"'* && -z "$stderr" ]]
  # The one that was lost after its shard counted found it, and replaced nothing.
  grep -q 'shard1.json is published already' "$STAND_IN/tasks.log"
  [ "$(count task)" -eq 6 ]

  run -0 pull
  [[ "$output" == *"fetched:  3 shards"*"ran     "*'$0.0'*"merged:   "* ]]
  cmp "$RNA/outputs/sequence_nn_search_merged.json" "$(merged_here)"
  # Again: nothing is fetched, nothing changes. And nothing is left to be submitted.
  run -0 pull
  [[ "$output" == *"fetched:  0 shards"* ]]
  run -1 submit
  [[ "$output" == *"all 3 shards are there"* ]]
  # Stopped after its end: no fault.
  run -0 stop
  [[ "$output" == *"has ended already"* ]]
}

@test "a task that always fails is not tried again, and only its shard is submitted again" {
  begin "$ready}"
  google fault '{"on": "start", "task": 1, "times": 9, "exit": 7}'
  submit
  run -0 status --watch
  [[ "$output" == *"FAILED, 2 of 3 shards done"*"failed  shard 1: it ended with code 7"*"gcloud logging read"* ]]
  [ "$(count task)" -eq 3 ]
  run -1 --separate-stderr pull
  [ "$output" = 1 ]
  [[ "$stderr" == *"fetched:  2 shards"*"missing:  1 shards; make gcp-submit competition=$slug"* ]]
  [ ! -e "$RNA/outputs/sequence_nn_search_merged.json" ]

  # Its fault is used up by another machine: what is missing goes to standard ones.
  google set '{"regions": {"us-central1": {"spot": false}}}'
  google fault '{"on": "start", "task": 1, "skip": 9}'
  run -0 --separate-stderr submit --provisioning standard
  [ "$(cat "$arrays/$output/job.json" | grep -c '"taskCount":"1"')" -eq 1 ]
  status --watch
  run -0 pull
  [[ "$output" == *"fetched:  1 shards"* ]]
  cmp "$RNA/outputs/sequence_nn_search_merged.json" "$(merged_here)"
}

@test "another machine fetches what is published, and submits nothing of it" {
  begin "$ready}"
  submit
  status --watch --json
  rm -r "$RNA/outputs"
  google state >before
  run -1 scripts/gcp-batch-submit.sh "$slug"
  [[ "$output" == *"3 shards that were published already were fetched"*"all 3 shards are there"* ]]
  google state | cmp - before
  [ "$(ls "$arrays"/*-3 | wc -l)" -eq 3 ]
}

@test "no quota is waited for and told; stop ends the job and sees that it has ended" {
  begin "$ready, \"quota_vcpus\": 0}"
  submit
  told() { status 2>&1 | grep -q 'waits for quota'; }
  wait_until 30 told
  run -0 status
  [[ "$output" == *"waits for quota, and will not fail of it: "*"Quota 'CPUS' exceeded"* ]]
  # The same work is not submitted beside it.
  run -1 submit
  [[ "$output" == *"is still at it: make gcp-status competition=$slug shows it"* ]]
  run -0 stop
  [[ "$output" == *"CANCELLED"*"has ended: no machine of it runs"* ]]
  [[ $(google state) == *'"machines": 0'* ]]
  run -1 pull
  [ "$(count task)" -eq 0 ]
}

@test "a job is stopped while its tasks run, and what they published stays" {
  begin "$ready, \"quota_vcpus\": 8}"
  # One at a time; the second waits for an answer that does not come.
  google fault '{"on": "media", "task": 1, "times": 99, "status": 503}'
  submit
  wait_until 60 sh -c "grep -q '\"exit\": 0' '$STAND_IN/journal.jsonl' && grep -q '\"rpc\": \"task\", \"task\": 1' '$STAND_IN/journal.jsonl'"
  run -0 stop
  [[ "$output" == *"has ended: no machine of it runs"* ]]
  run -1 --separate-stderr pull
  [ "$output" = $'1\n2' ]
}

@test "a region without spot machines is told, with both ways on" {
  begin "$ready, \"regions\": {\"us-central1\": {\"spot\": false}}}"
  submit
  told() { status 2>&1 | grep -q 'provisioning standard, or in another --region'; }
  wait_until 30 told
  stop
  # And one that there is not.
  run -2 submit --region mars-north1
  [[ "$output" == *"Batch does not run in this region"*"--region NAME"* ]] || { echo "$output" >&2; false; }
  # Once: that it is not there either is no news.
  [ "$(grep -c 'does not run in this region' <<<"$output")" -eq 1 ]
}

@test "who is not logged in, has no project or another's bucket is told what to do, and nothing is left" {
  begin "${ready/\"kgl-test-kgl\"/\"other-kgl\": {\"project\": \"theirs\"\}, \"kgl-test-kgl\"}}"
  export CLOUDSDK_CORE_PROJECT=
  run -2 submit
  [[ "$output" == *"no project of Google Cloud is set: gcloud config set project ID"* ]]
  run -2 scripts/gcp-batch-setup.sh
  export CLOUDSDK_CORE_PROJECT=kgl-test
  no_job

  CLOUDSDK_AUTH_ACCESS_TOKEN_FILE='' run -2 submit
  [[ "$output" == *"nobody is logged in to Google Cloud"*"hint: gcloud auth login"* ]]
  no_job
  google set '{"token": "another"}'
  run -2 submit
  [[ "$output" == *"does not accept the credentials"*"clock"* && "$output" != *user-token* ]]
  google set '{"token": "user-token"}'
  no_job

  export KGL_GCP_BUCKET=other-kgl
  for verb in submit scripts/gcp-batch-setup.sh; do
    run -2 $verb
    [[ "$output" == *"somebody else's"*"KGL_GCP_BUCKET=NAME"* ]]
  done
  no_job
  KGL_GCP_BUCKET=not-there-kgl run -2 submit
  [[ "$output" == *"the bucket is not there"*"make gcp-setup"* ]]
  no_job
  unset KGL_GCP_BUCKET
  CLOUDSDK_CORE_PROJECT=not-mine KGL_GCP_BUCKET=kgl-test-kgl run -2 submit
  [[ "$output" == *"may not do that in this project"* ]]
  no_job
  run -1 status
  [[ "$output" == *"no job was submitted from here: make gcp-submit"* ]]
  run -1 stop
}

@test "a clock that is off is told from a login that ran out" {
  begin "$ready}"
  unset CLOUDSDK_AUTH_ACCESS_TOKEN_FILE
  # A key's assertion carries the time; Google's clock is two hours from this machine's.
  ssh-keygen -q -t rsa -m PEM -N '' -f key
  awk -v ORS='\\n' '{ print }' key >escaped
  printf '{"type": "service_account", "client_email": "me@kgl-test.iam.gserviceaccount.com", "private_key_id": "1", "token_uri": "unused", "private_key": "%s"}' "$(cat escaped)" >key.json
  printf '{"type": "authorized_user", "client_id": "x", "client_secret": "y", "refresh_token": "%s"}' user-refresh >user.json
  printf '{"type": "authorized_user", "client_id": "x", "client_secret": "y", "refresh_token": "%s"}' old >old.json
  export CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=$PWD/key.json
  for ahead in 7200 -7200; do
    google set "{\"clock_ahead_s\": $ahead}"
    for verb in submit scripts/gcp-batch-setup.sh; do
      run -3 "$verb"
      [[ "$output" == *"this machine's clock is off"*"hint: set the clock (timedatectl shows it)"* ]]
    done
    no_job
  done
  CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=$PWD/old.json run -2 submit
  [[ "$output" == *"does not accept the credentials any more"*"hint: gcloud auth login"* && "$output" != *"set the clock"* ]]
  no_job
  # With the clock set both do.
  google set '{"clock_ahead_s": 0}'
  gcloud storage ls gs://kgl-test-kgl
  CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=$PWD/user.json gcloud storage ls gs://kgl-test-kgl
}

@test "a project that was not set up is told so" {
  begin '{"buckets": {"kgl-test-kgl": {"project": "kgl-test"}}}'
  run -2 submit
  [[ "$output" == *"does not use this service yet"*"make gcp-setup"* ]]
  no_job
  google set '{"page_size": 100}'
  gcloud services enable batch.googleapis.com
  run -2 submit
  [[ "$output" == *"the account that the machines act as is not there"*"make gcp-setup"* ]]
  no_job
}

@test "limits and old prices are refused before anything travels" {
  begin "$ready}"
  run -2 scripts/gcp-batch-submit.sh "$slug" --count 100001
  [[ "$output" == *"a job has 100000 at most"*"--count"* ]]
  sed -i 's/"as_of": "[^"]*"/"as_of": "2020-01-31"/' "$KGL_GCP_PRICES"
  run -2 submit
  [[ "$output" == *"the prices are of 2020-01-31"*"set as_of"* ]]
  sed -i 's/"as_of": "[^"]*"/"as_of": "2999-01-31"/' "$KGL_GCP_PRICES"
  run -2 submit
  [[ "$output" == *"set the clock"* ]]
  [ "$(count insert)" -eq 0 ]
  no_job
}

@test "of a job with many tasks only those that failed are asked about, and all where that is wanted" {
  begin "$ready, \"quota_vcpus\": 100000}"
  google fault '{"on": "start", "task": 1105, "ends": 7}'
  google fault '{"on": "start", "attempt": 0, "times": 30, "ends": 50001}'
  google fault '{"on": "start", "times": 9999, "ends": 0}'
  scripts/gcp-batch-submit.sh "$slug" --count 1200 --parallel 1200
  ended() { [[ $(google state) == *'"state": "FAILED"'* ]]; }
  wait_until 60 ended
  asked() { google journal | grep -c '"rpc": "tasks"' || true; }
  run -0 --separate-stderr status --json
  [[ "$output" == *'"failed":[{"code":7,"shard":1105,"task":1105,'*'"listed":1,'*'"tasks":{"FAILED":1,"SUCCEEDED":1199}'* ]]
  [ "$(asked)" -eq 1 ]
  run -0 status
  [[ "$output" == *"1199 of 1200 shards done"*"failed  shard 1105"*"--all does"* && "$output" != *preempted* ]]
  [ "$(asked)" -eq 2 ]
  # All of them, in two pages, with what it cost.
  run -0 status --all
  [[ "$output" == *"1 failed, 1199 succeeded"*"30 × preempted"*"ran     "*'$0.0'* ]]
  [ "$(asked)" -eq 4 ]
  # On a terminal one sees how far it is.
  google set '{"page_size": 10}'
  COLUMNS=100 script -qec "scripts/gcp-batch-status.sh $slug --all" /dev/null >seen </dev/null
  grep -q 'listing the tasks.* %' seen
  # A list that ends early is no status, and it is said why it did.
  before=$(cat "$arrays"/kgl-*/status.json)
  google fault '{"on": "tasks", "skip": 3, "status": 400, "message": "enough"}'
  run -2 --separate-stderr status --json --all
  [[ -z "$output" && "$stderr" == *"cannot list the tasks of kgl-"*enough*"the list of tasks ends early"* ]]
  [ "$(cat "$arrays"/kgl-*/status.json)" = "$before" ]
  # Who only wants to know whether it has ended asks about none.
  asked=$(asked)
  run -0 stop
  [[ "$output" == *"has ended already"* ]]
  [ "$(asked)" -eq "$asked" ]
}

@test "Batch refuses what it does not know, however it came into a job" {
  begin "$ready}"
  submit >id
  job=$arrays/$(cat id)/job.json
  refused() {
    sed "$1" "$job" >changed.json
    run -1 gcloud batch jobs submit other --config changed.json
    [[ "$output" == *"$2"* ]] || { echo "$output" >&2; false; }
  }
  refused 's/"parallelism"/"paralelism"/' 'Unknown name "paralelism" at '
  refused 's/"SPOT"/"CHEAP"/' 'provisioning_model'
  refused 's/"maxRetryCount":5/"maxRetryCount":11/' 'max_retry_count must be in [0, 10]'
  refused 's/"taskCount":"3"/"taskCount":"100001"/' 'task_count must be in [1, 100000]'
  python3 -c 'import sys; print(sys.stdin.read().replace("set -euo", " " * 1000000 + "set -euo"))' <"$job" >changed.json
  run -1 gcloud batch jobs submit other --config changed.json
  gcloud batch jobs submit other --config changed.json 2>said || true
  run -2 kgl-batch-plan refusal --what "submit other" said
  [[ "$output" == *"the job is larger than Batch takes"* ]]
}

@test "an answer that is lost does not make two jobs, and a name that is taken is told" {
  begin "$ready}"
  # It counts, and the answer is lost: gcloud tries again by itself, and is refused.
  google fault '{"on": "jobs", "cut": "after"}'
  run -0 --separate-stderr submit
  [ "$(google state | grep -o '"uid": "[^"]*"' | wc -l)" -eq 1 ]
  id=$output
  status --watch --json >/dev/null
  pull
  # The name is somebody else's: another job has it, with other tasks.
  cp "$arrays/$id/plan.json" plan.json
  sed 's/"kgl-run":"[^"]*"/"kgl-run":"theirs"/g' "$arrays/$id/job.json" >theirs.json
  gcloud batch jobs submit theirs --config theirs.json
  gcloud batch jobs describe theirs --format=json >described.json
  run -1 kgl-batch-plan same plan.json described.json
  gcloud batch jobs submit theirs --config theirs.json 2>said || true
  run -2 kgl-batch-plan refusal --what "submit theirs" said
  [[ "$output" == *"there is one of this name already"*"another name"* ]]
}

@test "a submission that fails leaves no record" {
  begin "$ready}"
  google fault '{"on": "jobs", "status": 400, "message": "no"}'
  run -2 submit
  no_job
  google fault '{"on": "insert", "times": 9, "status": 403, "message": "no"}'
  run -2 submit
  no_job
}

@test "where it cannot be told whether a job was submitted, its record stays" {
  begin "$ready}"
  # It counts, and from then on nobody answers.
  google fault '{"on": "jobs", "cut": "after"}'
  google fault '{"on": "jobs", "times": 99, "status": 429, "message": "busy"}'
  run -3 submit
  [[ "$output" == *"cannot submit kgl-"*"too much was asked of Google at once"*"cannot ask for kgl-"*"whether it was submitted cannot be told now: make gcp-status"* ]]
  # With that the job is found once somebody does.
  google clear
  run -0 status --watch
  [[ "$output" == *"SUCCEEDED, 3 of 3 shards done"* ]]
  run -0 pull
}

@test "a shard in the bucket that is not what it should be is not believed" {
  begin "$ready}"
  submit
  status --watch --json >/dev/null
  echo '{' >bad
  plan=$(echo "$arrays"/kgl-*/plan.json)
  gcloud storage cp bad "$(kgl-batch-plan get shards-uri "$plan")/sequence_nn_search.shard1.json" 2>/dev/null
  run -2 pull
  [[ "$output" == *"shard1.json"*"is not what it should be"* ]]
  [ -z "$(find "$arrays" -name '*.shard*.json')" ]
}

@test "an input that is not what the job names ends the task before it computes" {
  begin "$ready, \"quota_vcpus\": 0}"
  submit
  plan=$(echo "$arrays"/kgl-*/plan.json)
  digest=$(sha256sum "$RNA/data/train_sequences.csv" | cut -c 1-64)
  gcloud storage cp "$RNA/data/test_sequences.csv" "$(kgl-batch-plan get files-uri "$plan")/$digest" 2>/dev/null
  google set '{"quota_vcpus": 64}'
  run -0 status --watch
  [[ "$output" == *"FAILED, 0 of 3 shards done"* ]]
  grep -q 'job/targets: FAILED' "$STAND_IN/tasks.log"
  [ "$(count insert)" -eq "$(google journal | grep '"rpc": "insert"' | grep -vc '"task"')" ]
}

@test "a shard that cannot be published is told, and its task fails and is not tried again" {
  begin "$ready}"
  google fault '{"on": "insert", "task": 2, "status": 403, "message": "no"}'
  submit
  run -0 status --watch
  [[ "$output" == *"2 of 3 shards done"*"failed  shard 2: the world around it failed"* ]]
  grep -q 'could not be published at gs://kgl-test-kgl/' "$STAND_IN/tasks.log"
  [ "$(count task)" -eq 3 ]
}

@test "gcloud is installed where it is missing, once, and half an archive is no gcloud" {
  make_project
  mkdir -p sdk/google-cloud-sdk/bin bin
  printf '#!/bin/sh\necho "Google Cloud SDK 0"\n' >sdk/google-cloud-sdk/bin/gcloud
  chmod +x sdk/google-cloud-sdk/bin/gcloud
  tar -czf sdk.tgz -C sdk google-cloud-sdk
  head -c 100 sdk.tgz >half.tgz
  for tool in bash sh dirname awk mktemp mkdir rm mv ln head tar gzip python3 curl; do ln -s "$(command -v "$tool")" bin/; done
  install() { env PATH="$PWD/bin" HOME="$PWD/home" KGL_GCLOUD_URL="file://$PWD/$1" scripts/install-gcloud-cli.sh; }
  run -3 install not-there.tgz
  [[ "$output" == *"cannot be had"*"make gcp-install again"* ]]
  run -3 install half.tgz
  [[ "$output" == *"is no archive"* ]]
  [ -z "$(ls -A home/.local/share/kgl)" ]
  run -0 install sdk.tgz
  [[ "$output" == *"Google Cloud SDK 0 is in "*"gcloud auth login"* ]]
  [ "$(home/.local/bin/gcloud)" = "Google Cloud SDK 0" ]
  # Again: what is there is kept, whatever the address.
  run -0 install not-there.tgz
}
