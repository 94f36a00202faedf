//! Real hosts through the real ssh.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::time::{Duration, Instant};

use kgl_ssh::{Fault, Host, Patience, SshError};
use kgl_testkit::fleet::{Kind, beside};

fn host(name: &str) -> Host {
    let patience = Patience {
        connect: Duration::from_secs(1),
        silence: Duration::from_secs(3),
    };
    Host::new(name, patience).unwrap()
}

fn fault(answer: Result<kgl_cli::Finished, SshError>) -> Option<Fault> {
    answer.unwrap_err().fault()
}

#[test]
fn words_arrive_as_they_were_given_and_codes_come_back() {
    beside(Kind::Any, |_| {
        let words = [
            "a b", "", "it's", "\"q\"", "$HOME", "`x`", "$(x)", "-n", "--", "a\nb", "*", "~", "é",
            "\\",
        ];
        let mut argv = vec!["printf", "%s|"];
        argv.extend(words);
        let expected: String = words.iter().map(|word| format!("{word}|")).collect();
        let answer = host("host1").run(&argv, b"", None).unwrap();
        assert_eq!(answer.stdout_text(), expected);
        let answer = host("host2")
            .run(&["sh", "-c", "cat; echo no >&2; exit 7"], b"in\0put", None)
            .unwrap();
        assert_eq!(answer.status.code(), Some(7));
        assert_eq!(
            (answer.stdout.as_slice(), answer.stderr_text().trim()),
            (&b"in\0put"[..], "no")
        );
    });
}

#[test]
fn every_fault_is_told_for_what_it_is() {
    beside(Kind::Namespaces, |fleet| {
        let ask = || host("host1").run(&["true"], b"", None);
        for (bad, good, expected) in [
            ("cut", "mend", Fault::Unreachable),
            ("freeze", "thaw", Fault::Silent),
            ("refuse", "accept", Fault::Refused),
        ] {
            fleet.happens(&[bad, "host1"]);
            assert_eq!(fault(ask()), Some(expected), "{bad}");
            fleet.happens(&[good, "host1"]);
            ask().unwrap();
        }
        // A link that is cut in the middle is noticed, and the program there does not matter.
        let begun = Instant::now();
        let cutter = std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(700));
            std::process::Command::new("fleet")
                .args(["cut", "host2"])
                .status()
                .unwrap();
        });
        assert_eq!(
            fault(host("host2").run(&["sleep", "60"], b"", None)),
            Some(Fault::Cut)
        );
        assert!(begun.elapsed() < Duration::from_secs(30));
        cutter.join().unwrap();
        fleet.happens(&["rekey", "host1"]);
        assert_eq!(fault(ask()), Some(Fault::HostKeyChanged));
        std::fs::write(fleet.dir().join("known_hosts"), "").unwrap();
        assert_eq!(fault(ask()), Some(Fault::HostKeyUnknown));
        let late = host("host3").run(&["true"], b"", Some(Duration::from_millis(1)));
        assert!(late.is_err_and(|error| !matches!(error, SshError::Program(_))));
    });
}
