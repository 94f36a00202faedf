# From a name or a folder to a competition whose verbs work.

setup() {
  load helpers
  load competitions
  make_project
}

# scaffold KIND: a competition of that kind, made of its folder of data.
scaffold() {
  make_competition "$1" "competitions/$1/data"
  kgl-inspect --quiet --data "competitions/$1/data" |
    kgl-scaffold --quiet --slug "$1" >/dev/null
}

@test "the baseline of each kind of competition trains, predicts and passes the check" {
  for kind in "${kinds[@]}"; do
    scaffold "$kind"
    project_make train-1 "competition=$kind"
    project_make predict-smoke "competition=$kind"
    run -0 project_make predict "competition=$kind"
    cmp <(cut -d, -f1 "competitions/$kind/outputs/submission.csv") \
      <(cut -d, -f1 "competitions/$kind/data/sample_submission.csv")
    grep -q '"valid":true' "competitions/$kind/outputs/submission_check.json"
  done
}

@test "each kind is told for what it is" {
  while read -r kind told; do
    make_competition "$kind" "data/$kind"
    kgl-inspect --quiet --data "data/$kind" >inspection.json
    grep -q "\"kind\":\"$told\",\"shared" inspection.json || grep -q "\"kind\":\"$told\",\"list" inspection.json
  done <<'END'
classes classes
probability probability
columns class-probabilities
labels labels
ranking ranking
pairs pairs
runs run-lengths
coordinates coordinates
series forecast
text text
END
}

@test "a group is told apart where that helps: women survive" {
  scaffold probability
  project_make train-1 competition=probability
  grep -q '"by":"Sex"' competitions/probability/outputs/model.json
  project_make predict competition=probability
  awk -F, 'NR > 1 && $2 > 0.6 { women++ } NR > 1 && $2 < 0.4 { men++ } END { exit !(women && men) }' \
    competitions/probability/outputs/submission.csv
}

@test "a new competition by its name: from nothing to a checked submission" {
  make_competition classes "$BATS_TEST_TMPDIR/data"
  local pages='[{"name": "evaluation", "content": "Counted right."}]'
  local pets='{"title": "The Pets", "folder": "'$BATS_TEST_TMPDIR'/data", "page_size": 2, "evaluationMetric": "Accuracy", "pages": '$pages'}'
  kaggle_stand_in '{"token": "t0ken-secret", "competitions": {"pets": '"$pets"'}}'
  export KAGGLE_API_TOKEN=t0ken-secret
  run -0 project_make competition-new competition=pets name="All the Pets"
  # One command: what is trained in the background is waited for. The submission is not sent.
  run -0 project_make train predict submit competition=pets dry=1
  stand_in journal >journal
  run -1 grep CreateSubmission journal
  grep -q '"valid":true' competitions/pets/outputs/submission_check.json
  grep -q '"name": "All the Pets"' competitions/pets/challenge.json
  grep -q 'Accuracy: higher is better' competitions/pets/AGENTS.md
  grep -q 'Counted right' competitions/pets/AGENTS.md
  # Again, after an edit: what was edited stays.
  echo mine >>competitions/pets/AGENTS.md
  run -0 project_make competition-new competition=pets
  grep -qx mine competitions/pets/AGENTS.md
  [[ "$output" == *"AGENTS.md: edited, so it was left alone"* ]]
  # No token in anything that was left, printed or asked.
  run -1 grep -rl t0ken-secret competitions "$STAND_IN/home" "$STAND_IN/journal.jsonl"
}

@test "rules that are not accepted: the project is made, and says what is missing" {
  kaggle_stand_in '{"token": "t0ken", "competitions": {"closed": {"title": "Closed", "userHasEntered": false, "folder": "'"$KGL_ROOT/tests/kaggle"'"}}}'
  export KAGGLE_API_TOKEN=t0ken
  run -2 project_make competition-new competition=closed
  [[ "$output" == *"https://www.kaggle.com/competitions/closed/rules"* ]]
  grep -q 'The rules are not accepted yet' competitions/closed/AGENTS.md
  run -2 project_make train-1 competition=closed
  [[ "$output" == *"there is no sample submission yet"* ]]
}

@test "templates may be edited" {
  echo "For {{ name }}, by hand." >competitions/_template/AGENTS.md.template
  scaffold classes
  [ "$(cat competitions/classes/AGENTS.md)" = "For Classes, by hand." ]
  echo "{{ nonsense }}" >competitions/_template/AGENTS.md.template
  make_competition text competitions/text/data
  kgl-inspect --quiet --data competitions/text/data >inspection.json
  run -2 kgl-scaffold --slug text inspection.json
  [[ "$output" == *"the template AGENTS.md.template, line 1"* ]]
  [ ! -e competitions/text/challenge.json ]
}
