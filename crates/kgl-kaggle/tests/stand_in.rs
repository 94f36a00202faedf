//! The real client, asked through the bridge, against the stand-in.

#![allow(clippy::unwrap_used, reason = "a helper of tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use kgl_cli::{Common, Exit, Io};
use kgl_kaggle::{
    ApiCompetition, ApiFile, Call, Client, Patience, Refusal, RefusalKind as K, Replies, read,
};
use kgl_testkit::kaggle::{self, KEY, StandIn, TOKEN};
use serde_json::{Value, json};

/// Five files, listed two at a time.
fn stand_in(folder: &tempfile::TempDir) -> Option<StandIn> {
    for name in ["a", "b", "c", "d", "e"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let titanic = json!({ "folder": folder.path(), "page_size": 2, "title": "Titanic" });
    StandIn::start(&json!({ "competitions": { "titanic": titanic } }))
}

fn client(stand_in: &StandIn, token: Option<&str>) -> Client {
    let token = ("KAGGLE_API_TOKEN".to_owned(), token.map(str::to_owned));
    Client::at(kaggle::client())
        .unwrap()
        .with(stand_in.variables())
        .with([token])
}

fn facts(slug: &str) -> Call {
    Call::competitions("GetCompetition", json!({ "competitionName": slug }))
}

fn files() -> Call {
    let request = json!({ "competitionName": "titanic", "pageSize": 200 });
    Call::competitions("ListDataFiles", request).all_of("files", 100)
}

fn ask(stand_in: &StandIn, calls: &[Call]) -> Replies {
    client(stand_in, Some(TOKEN)).ask(calls).unwrap()
}

fn refusal(stand_in: &StandIn) -> Refusal {
    ask(stand_in, &[files()]).answers.remove(0).unwrap_err()
}

fn io() -> Io {
    Io::new(&Common::default())
}

#[test]
fn answers_are_whole_whatever_the_client_prints() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    // Both print a warning on stdout: a client that is old, and a key that others can read.
    stand_in.set(&json!({ "newest_client": "99.0.0" }));
    let home = stand_in.home().join(".kaggle");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("kaggle.json"), r#"{"username":"x","key":"y"}"#).unwrap();
    fs::set_permissions(home.join("kaggle.json"), fs::Permissions::from_mode(0o644)).unwrap();

    let replies = ask(&stand_in, &[facts("titanic"), files(), facts("unknown")]);
    assert_eq!(replies.user.as_deref(), Some("tester"));
    assert!(replies.said.iter().any(|line| line.contains("outdated")));
    assert!(
        replies
            .said
            .iter()
            .any(|line| line.contains("readable by other"))
    );
    let [competition, listed, unknown] = <[_; 3]>::try_from(replies.answers).unwrap();
    let competition: ApiCompetition = read("the competition", competition).unwrap();
    assert_eq!(competition.title, "Titanic");
    let listed = listed.unwrap();
    assert_eq!(listed["more"], false);
    let listed: Vec<ApiFile> = serde_json::from_value(listed["files"].clone()).unwrap();
    let names: Vec<_> = listed.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    assert_eq!(stand_in.counted("ListDataFiles"), 3);
    assert_eq!(unknown.unwrap_err().kind, K::NotFound);
}

#[test]
fn each_refusal_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    let statuses = [
        (400, K::TurnedDown),
        (401, K::BadCredentials),
        (403, K::Forbidden),
        (404, K::NotFound),
        (429, K::TooMany),
        (500, K::Server),
        (503, K::Server),
    ];
    for (status, _) in statuses {
        stand_in.fault(
            &json!({ "on": "GetCompetition", "status": status, "message": "so be it",
            "headers": { "Retry-After": "7" } }),
        );
    }
    stand_in.fault(&json!({ "on": "GetCompetition", "page": "<html>log in first</html>" }));
    stand_in.fault(&json!({ "on": "GetCompetition", "cut": "before" }));
    let calls = vec![facts("titanic"); statuses.len() + 3];
    let mut answers = ask(&stand_in, &calls).answers.into_iter();
    for (status, kind) in statuses {
        let refusal = answers.next().unwrap().unwrap_err();
        assert_eq!((refusal.status, refusal.kind), (Some(status), kind));
        assert_eq!(refusal.message, "so be it");
        assert_eq!(refusal.retry_after_s, Some(7));
    }
    assert_eq!(answers.next().unwrap().unwrap_err().kind, K::Server);
    assert_eq!(answers.next().unwrap().unwrap_err().kind, K::Connection);
    assert!(answers.next().unwrap().is_ok());
}

#[test]
fn what_may_pass_is_asked_again_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    let client = client(&stand_in, Some(TOKEN));
    let patience = Patience {
        first_wait: Duration::from_millis(10),
        longest_wait: Duration::from_secs(3),
        ..Patience::USUAL
    };
    stand_in
        .fault(&json!({ "on": "ListDataFiles", "status": 429, "headers": { "Retry-After": "1" } }));
    stand_in.fault(&json!({ "on": "ListDataFiles", "cut": "before" }));
    let begun = Instant::now();
    let calls = [facts("titanic"), files()];
    let replies = client.ask_patiently(&calls, &patience, &io()).unwrap();
    assert!(replies.answers.iter().all(Result::is_ok));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    // What was answered is not asked again.
    assert_eq!(stand_in.counted("GetCompetition"), 1);

    // A wait that nobody has time for is told instead.
    stand_in.fault(
        &json!({ "on": "ListDataFiles", "status": 429, "headers": { "Retry-After": "3600" } }),
    );
    let replies = client.ask_patiently(&[files()], &patience, &io()).unwrap();
    let failure = replies.answers[0]
        .clone()
        .unwrap_err()
        .failure("cannot list", "titanic");
    assert_eq!(failure.exit(), Exit::Outside);
    assert!(failure.to_string().contains("wait 3600 s"), "{failure}");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    stand_in.fault(&json!({ "on": "ListDataFiles", "delay_s": 30 }));
    let client = client(&stand_in, Some(TOKEN)).waiting(Duration::from_millis(700));
    let begun = Instant::now();
    let refusal = client
        .ask(&[files()])
        .unwrap()
        .answers
        .remove(0)
        .unwrap_err();
    assert_eq!(refusal.kind, K::Connection);
    assert!(begun.elapsed() < Duration::from_secs(25));
}

#[test]
fn credentials_are_judged_and_a_refused_token_does_not_hide_behind_a_good_key() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    let kind = |token: Option<&str>| {
        let replies = client(&stand_in, token).ask(&[facts("titanic")]).unwrap();
        replies.answers[0].clone().map_err(|refusal| refusal.kind)
    };
    assert_eq!(kind(None), Err(K::NoCredentials));
    assert_eq!(kind(Some("stale-token")), Err(K::BadCredentials));
    let home = stand_in.home().join(".kaggle");
    fs::create_dir(&home).unwrap();
    let key = json!({ "username": "tester", "key": KEY }).to_string();
    fs::write(home.join("kaggle.json"), key).unwrap();
    assert!(kind(None).is_ok());
    assert_eq!(kind(Some("stale-token")), Err(K::BadCredentials));
}

#[test]
fn what_lies_in_the_folder_is_not_taken_for_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    for module in ["kaggle.py", "requests.py", "json.py"] {
        fs::write(folder.path().join(module), "raise SystemExit(9)").unwrap();
    }
    // Its processes start where we are, so we go there: the test is a process of its own.
    std::env::set_current_dir(folder.path()).unwrap();
    assert!(ask(&stand_in, &[facts("titanic")]).answers[0].is_ok());
}

#[test]
fn a_refusal_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    stand_in.fault(&json!({ "on": "ListDataFiles", "status": 500,
        "message": format!("no https://h/f.csv?sig={TOKEN} for Bearer {TOKEN}") }));
    let shown = format!("{:?}", refusal(&stand_in));
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[test]
fn a_program_that_is_not_the_client_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("kaggle");
    fs::write(&program, "#!/bin/sh\nexit 0\n").unwrap();
    let failure = Client::at(program).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage);
    assert!(
        failure.to_string().contains("make kaggle-install"),
        "{failure}"
    );
}

#[test]
fn an_order_of_the_wrong_shape_is_the_clients_failure() {
    let folder = tempfile::tempdir().unwrap();
    let Some(stand_in) = stand_in(&folder) else {
        return;
    };
    let calls = [Call::method("no_such_method", json!({})), facts("titanic")];
    let replies = ask(&stand_in, &calls);
    assert_eq!(replies.answers[0].clone().unwrap_err().kind, K::Client);
    assert_eq!(
        replies.answers[1].as_ref().unwrap()["title"],
        Value::from("Titanic")
    );
}
