//! Real hosts through the real ssh.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::time::{Duration, Instant};

use kgl_ssh::{Fault, Host, Patience, Shared, Socket, SshError};
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

/// Processes of this machine whose command line says `what`.
fn processes(what: &str) -> String {
    let found = std::process::Command::new("pgrep")
        .args(["-f", what])
        .output();
    String::from_utf8(found.unwrap().stdout).unwrap()
}

#[test]
fn a_shared_connection_helps_and_never_hides_what_happens() {
    beside(Kind::Namespaces, |fleet| {
        let folder = tempfile::tempdir().unwrap();
        let socket = || Socket::within(folder.path()).unwrap();
        let open = || Shared::open(&host("host1"), socket());
        let ask = || {
            host("host1")
                .through(Some(socket()))
                .run(&["echo", "here"], b"", None)
        };
        let answers = || assert_eq!(ask().unwrap().stdout_text(), "here\n");
        let sockets = || std::fs::read_dir(folder.path()).unwrap().count();
        let holder = format!("ControlPath={}", folder.path().display());

        // It is used: nobody new is let in, and commands and rsync are.
        let shared = open().unwrap();
        fleet.happens(&["refuse", "host1"]);
        answers();
        assert_eq!(
            fault(host("host1").run(&["true"], b"", None)),
            Some(Fault::Refused)
        );
        let rsh = host("host1").through(Some(socket())).rsh();
        let to = folder.path().join("hosts").display().to_string();
        let rsync = ["rsync", "--rsh", &rsh, "host1:/etc/hosts", &to].map(str::to_owned);
        kgl_ssh::rsync(&rsync, b"", "host1").unwrap();
        std::fs::remove_file(&to).unwrap();
        // Gone, it is not missed; and what is told is what a new connection meets.
        fleet.happens(&["drop", "host1"]);
        assert_eq!(fault(ask()), Some(Fault::Refused));
        drop(shared);
        assert_eq!(fault(open().map(|_| ask().unwrap())), Some(Fault::Refused));
        fleet.happens(&["accept", "host1"]);
        answers();

        // Killed, so that its socket is left behind.
        let shared = open().unwrap();
        let pid = processes(&format!("ControlMaster=yes.*{holder}"));
        let kill = std::process::Command::new("kill")
            .args(["-KILL", pid.trim()])
            .status();
        assert!(kill.unwrap().success(), "{pid}");
        answers();
        assert_eq!(sockets(), 1);
        fleet.happens(&["cut", "host1"]);
        assert_eq!(fault(ask()), Some(Fault::Unreachable));
        fleet.happens(&["mend", "host1"]);
        drop(shared);
        assert_eq!((sockets(), processes(&holder).as_str()), (0, ""));

        // Cut in the middle of a command; and another key afterwards.
        let shared = open().unwrap();
        let long = std::thread::spawn({
            let host = host("host1").through(Some(socket()));
            move || host.run(&["sleep", "60"], b"", None)
        });
        while !processes_on(fleet, "sleep 60") {}
        fleet.happens(&["cut", "host1"]);
        assert_eq!(fault(long.join().unwrap()), Some(Fault::Cut));
        fleet.happens(&["mend", "host1"]);
        fleet.happens(&["rekey", "host1"]);
        assert_eq!(fault(ask()), Some(Fault::HostKeyChanged));
        drop(shared);
        assert_eq!(sockets(), 0);

        // A host that allows one session a connection.
        let config = fleet.disk("host2", "/etc/ssh/sshd_config");
        let one = std::fs::read_to_string(&config)
            .unwrap()
            .replace("MaxSessions 100", "MaxSessions 1");
        std::fs::write(&config, one).unwrap();
        fleet.happens(&["drop", "host2"]);
        let shared = Shared::open(&host("host2"), socket()).unwrap();
        let there = host("host2").through(Some(socket()));
        assert_eq!(
            there
                .run(&["echo", "here"], b"", None)
                .unwrap()
                .stdout_text(),
            "here\n"
        );
        drop(shared);
    });
}

/// Whether `what` runs on host1.
fn processes_on(fleet: &kgl_testkit::fleet::Fleet, what: &str) -> bool {
    let command = format!("pgrep -fx '{what}' || true");
    !fleet
        .happens(&["on", "host1", "sh", "-c", &command])
        .stdout_text()
        .is_empty()
}
