//! What a verb would do, as a document: a pure function of the challenge, the request and a few
//! facts.

use std::path::Path;
use std::process::{Command, Stdio};

use kgl_cli::{Failure, OrFail as _};
use kgl_contract::{Challenge, Run, RunWhere, Where, canonical_digest};

use crate::place::{Place, is_name};

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The verb.
    pub(crate) verb: String,
    /// What is added to its argv.
    pub(crate) args: Vec<String>,
    /// The run's seed.
    pub(crate) seed: Option<u64>,
    /// Where to run, if not where the challenge says.
    pub(crate) where_: Option<Where>,
}

/// What a plan needs to know of the world.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// RFC 3339, UTC, to the second.
    pub(crate) now: String,
    /// This machine's name.
    pub(crate) host: String,
    /// Tells apart the runs that start within one second.
    pub(crate) salt: u16,
    /// The project's commit, and whether anything differs from it.
    pub(crate) commit: Option<(String, bool)>,
}

impl Facts {
    /// The facts as they are now.
    pub(crate) fn gather(project: &Path) -> Self {
        Self {
            now: kgl_cli::now(),
            host: kgl_cli::host_name(),
            salt: salt(),
            commit: commit(project),
        }
    }
}

/// The run that `request` would be.
///
/// # Errors
/// No such verb, an empty argv, or a place that one run cannot have (exit 2).
pub(crate) fn plan(
    challenge: &Challenge,
    place: &Place,
    request: &Request,
    facts: &Facts,
) -> Result<Run, Failure> {
    let verb = &request.verb;
    let slug = &place.slug;
    let where_ = request.where_.unwrap_or(challenge.where_);
    // A fleet is led from here: the verb is a loop on this machine, by another argv.
    // Verbs that have none (predict) run here when the challenge is at home on a fleet.
    let of_fleet = format!("{verb}-fleet");
    let asked = request.where_.is_some();
    let key = match where_ {
        Where::Fleet if asked || challenge.verbs.contains_key(&of_fleet) => &of_fleet,
        _ => verb,
    };
    let Some(words) = challenge.verbs.get(key) else {
        let verbs: Vec<&str> = challenge.verbs.keys().map(String::as_str).collect();
        let failure = Failure::usage(format_args!("{slug} has no verb `{key}`"));
        return Err(if verbs.is_empty() {
            failure.hint(format_args!(
                "its challenge.json names none: add \"verbs\": {{ \"{key}\": [\"./{key}.sh\"] }}"
            ))
        } else {
            failure.hint(format_args!("it has: {}", verbs.join(", ")))
        });
    };
    if !is_name(verb) {
        return Err(Failure::usage(format_args!(
            "{slug}, verb `{verb}`: a verb's name is lower-case letters, digits and `-`"
        )));
    }
    if words.first().is_none_or(String::is_empty) {
        return Err(Failure::usage(format_args!(
            "{slug}, verb `{verb}`: its argv names no program"
        )));
    }
    let mut argv = words.clone();
    argv.extend(request.args.iter().cloned());
    if let Some(word) = argv.iter().find(|word| word.contains('\0')) {
        return Err(Failure::usage(format_args!(
            "{slug}, verb `{verb}`: {word:?} holds a zero byte, which no program can be given"
        )));
    }
    let place_there = match where_ {
        Where::Local | Where::Fleet => RunWhere {
            kind: where_,
            host: facts.host.clone(),
            root: None,
        },
        Where::Host => on_host(challenge)?,
        Where::Batch => {
            return Err(Failure::usage(format_args!(
                "{slug} runs `{verb}` on `batch`, and kgl-run runs verbs here or over ssh"
            ))
            .hint("pass --where local to run it here"));
        }
    };
    let digest = canonical_digest(challenge).or_usage("cannot take the challenge's digest")?;
    let planned = Run::planned(
        (slug, verb),
        argv,
        digest,
        place_there,
        (&facts.now, facts.salt),
    );
    Ok(Run {
        commit: facts.commit.as_ref().map(|(commit, _)| commit.clone()),
        dirty: facts.commit.as_ref().map(|(_, dirty)| *dirty),
        seed: request.seed,
        ..planned
    })
}

/// The one host that the challenge names.
fn on_host(challenge: &Challenge) -> Result<RunWhere, Failure> {
    let Some(remote) = &challenge.remote else {
        return Err(Failure::usage(format_args!("{} names no host to run on", challenge.slug))
            .hint("add \"remote\": { \"host\": \"NAME\", \"root\": \"/workspace/kaggle\" } to its challenge.json"));
    };
    Ok(RunWhere {
        kind: Where::Host,
        host: remote.host.clone(),
        root: Some(remote.root.clone()),
    })
}

/// How far the second has gone, in 1/65,536: tells runs of one second apart and orders them.
fn salt() -> u16 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.subsec_nanos());
    u16::try_from((u64::from(nanos) << 16) / 1_000_000_000).unwrap_or(u16::MAX)
}

/// The commit of `project` and whether anything differs from it, if it is a git checkout and
/// git is here.
fn commit(project: &Path) -> Option<(String, bool)> {
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(project)
            .args(args)
            // A plan touches nothing, not even git's index.
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    let commit = git(&["rev-parse", "--verify", "HEAD"])?;
    let changes = git(&["status", "--porcelain"])?;
    Some((commit, !changes.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::{RunState, parse_document};

    fn challenge(where_: &str) -> Challenge {
        let text = format!(
            r#"{{"schema":"kgl.challenge/1","slug":"demo","name":"Demo","where":"{where_}",
            "metric":{{"name":"m","better":"higher"}},
            "verbs":{{"train":["./train.sh","a b"],"lead":["x"],"lead-fleet":["./lead.sh"],"empty":[],"Odd name":["x"]}}}}"#
        );
        parse_document(text.as_bytes()).unwrap()
    }

    fn planned(where_: &str, verb: &str, override_: Option<Where>) -> Result<Run, Failure> {
        let request = Request {
            verb: verb.into(),
            args: vec!["--folds".into(), "5".into()],
            seed: Some(7),
            where_: override_,
        };
        let facts = Facts {
            now: "2026-11-23T14:05:01Z".into(),
            host: "laptop".into(),
            salt: 0x7f3a,
            commit: Some(("0123abcd".into(), true)),
        };
        let place = Place::new("/p".into(), "demo").unwrap();
        plan(&challenge(where_), &place, &request, &facts)
    }

    #[test]
    fn a_plan_says_what_and_where() {
        let run = planned("local", "train", None).unwrap();
        assert_eq!(run.id, "20261123-140501-train-7f3a");
        assert_eq!(run.argv, ["./train.sh", "a b", "--folds", "5"]);
        assert_eq!(run.state, RunState::Planned);
        assert_eq!((run.seed, run.dirty), (Some(7), Some(true)));
        assert_eq!(
            run.paths.folder,
            "competitions/demo/outputs/runs/20261123-140501-train-7f3a"
        );
        assert!(run.pid.is_none() && run.started_at.is_none());
    }

    #[test]
    fn an_unknown_verb_is_answered_with_those_there_are() {
        let failure = planned("local", "trian", None).unwrap_err().to_string();
        assert!(failure.contains("no verb `trian`"), "{failure}");
        assert!(
            failure.contains("it has: Odd name, empty, lead, lead-fleet, train"),
            "{failure}"
        );
    }

    #[test]
    fn verbs_that_cannot_run_are_refused() {
        for (verb, word) in [("empty", "names no program"), ("Odd name", "lower-case")] {
            let failure = planned("local", verb, None).unwrap_err().to_string();
            assert!(failure.contains(word), "{failure}");
        }
    }

    #[test]
    fn a_fleet_is_led_from_here_by_an_argv_of_its_own() {
        let led = planned("fleet", "lead", None).unwrap();
        assert_eq!(led.argv[0], "./lead.sh");
        assert_eq!((led.verb.as_str(), led.where_.kind), ("lead", Where::Fleet));
        // What has none runs here, unless a fleet is asked for.
        assert_eq!(
            planned("fleet", "train", None).unwrap().argv[0],
            "./train.sh"
        );
        let failure = planned("local", "train", Some(Where::Fleet)).unwrap_err();
        assert!(failure.to_string().contains("train-fleet"), "{failure}");
    }

    #[test]
    fn other_machines_are_refused_unless_overridden() {
        let failure = planned("batch", "train", None).unwrap_err().to_string();
        assert!(failure.contains("on `batch`"), "{failure}");
        assert!(failure.contains("--where local"), "{failure}");
        assert!(planned("batch", "train", Some(Where::Local)).is_ok());
        let failure = planned("local", "train", Some(Where::Host))
            .unwrap_err()
            .to_string();
        assert!(failure.contains("names no host"), "{failure}");
    }
}
