# What the project promises about itself.

setup() {
  load helpers
  cd "$KGL_ROOT"
}

@test "the pipeline in README works as it is printed" {
  cd "$BATS_TEST_TMPDIR"
  awk '/^## One pipeline by hand/ { on = 1 } on && /^```$/ { exit } code { print } on && /^```sh$/ { code = 1 }' \
    "$KGL_ROOT/README.md" >pipeline.sh
  [ "$(wc -l <pipeline.sh)" -gt 8 ]
  bash -euo pipefail pipeline.sh
  grep -q kgl.validation-report/1 report.json
}

@test "README's tools are the tools there are" {
  for tool in $(git ls-files 'crates/*/src/main.rs' | cut -d/ -f2); do
    grep -q "^| \`$tool" README.md
  done
}

@test "every script says what it does when asked" {
  for script in $(git ls-files 'scripts/*.sh' 'competitions/*/*.sh' | grep -v '/_[a-z]*\.sh'); do
    run -0 bash "$script" --help
    [[ "$output" == Summary:*Usage:* ]]
  done
}

@test "unsafe lives in kgl-align alone" {
  # The workspace's lints deny it, so it would need one of these.
  run -1 git grep -nE 'unsafe (\{|fn|impl|trait|extern)|unsafe_code' -- 'crates/*.rs' 'competitions/*.rs' ':!crates/kgl-align'
  grep -q '^unsafe_code = "deny"' Cargo.toml
  # And the pattern does find what there is.
  git grep -qE 'unsafe (\{|fn|impl|trait|extern)' -- crates/kgl-align
}

@test "no file is large, and no path of a machine is in one" {
  [ -z "$(git ls-files -z | xargs -0 du -k | awk '$1 > 512')" ]
  run -1 git grep -nIE '/(home|root|Users)/[a-z]' -- . ':!tests/tidy.bats'
}
