//! Real hosts, asked through whichever way this build has; with `libssh2` both ways must agree.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use kgl_remote::{Answer, End, Fault, Limits, SshError, Way, ask_all};
use kgl_testkit::fleet::{Fleet, Kind, beside};

const LIBRARY: bool = cfg!(feature = "libssh2");

fn limits(connect_ms: u64, whole_ms: u64) -> Limits {
    Limits {
        connect: Duration::from_millis(connect_ms),
        whole: Duration::from_millis(whole_ms),
    }
}

/// Enough on a machine that does other things as well.
fn patient() -> Limits {
    limits(5_000, 30_000)
}

fn ask(host: &str, command: &str, stdin: &[u8]) -> Result<Answer, SshError> {
    ask_all(&[host], command, stdin, patient()).pop().unwrap()
}

fn fault(host: &str, limits: Limits) -> Option<Fault> {
    ask_all(&[host], "true", b"", limits)
        .pop()
        .unwrap()
        .unwrap_err()
        .fault()
}

/// Another name for host1, which only the program can reach.
fn add_alias(fleet: &Fleet, name: &str, lines: &str) {
    let config = fleet.dir().join("ssh_config");
    let text = fs::read_to_string(&config).unwrap();
    let host1: Vec<&str> = text.lines().skip(1).take(2).collect();
    let alias = format!("Host {name}\n{}\n{lines}\n", host1.join("\n"));
    fs::write(&config, alias + &text).unwrap();
}

#[test]
fn both_ways_give_the_same_results() {
    beside(Kind::Any, |fleet| {
        add_alias(fleet, "jump", "  ProxyJump host2");
        let cases: [(&str, &[u8], End); 7] = [
            ("cat; echo oops >&2; exit 3", b"in\0put\xff", End::Code(3)),
            ("printf '%s|' 'a b' \"$HOME\" '$x' -n", b"", End::Code(0)),
            ("kill -TERM $$", b"", End::Signal("TERM".into())),
            ("exit 255", b"", End::Code(255)),
            ("no-such-program 2>/dev/null", b"", End::Code(127)),
            // Both at once, more than any buffer in between holds.
            (
                "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero",
                b"",
                End::Code(0),
            ),
            ("sleep 0.3; exec cat", &[b'x'; 300_000], End::Code(0)),
        ];
        for (command, stdin, end) in cases {
            let direct = ask("host1", command, stdin).unwrap();
            let program = ask("jump", command, stdin).unwrap();
            assert_eq!(direct.end, end, "{command}");
            assert_eq!(direct.way == Way::Library, LIBRARY);
            assert_eq!(program.way, Way::Program);
            assert_eq!(
                (&direct.end, &direct.stdout, &direct.stderr),
                (&program.end, &program.stdout, &program.stderr),
                "{command}"
            );
        }
    });
}

#[test]
fn every_fault_is_told_for_what_it_is_and_none_outlasts_the_deadline() {
    beside(Kind::Namespaces, |fleet| {
        for (bad, good, expected) in [
            ("cut", "mend", &[Fault::Unreachable][..]),
            ("freeze", "thaw", &[Fault::Silent]),
            ("refuse", "accept", &[Fault::Refused]),
        ] {
            fleet.happens(&[bad, "host1"]);
            let whole = if bad == "refuse" { 30_000 } else { 2_500 };
            let begun = Instant::now();
            let found = fault("host1", limits(1_000, whole)).unwrap();
            assert!(expected.contains(&found), "{bad}: {found:?}");
            assert!(
                begun.elapsed() < Duration::from_millis(whole + 700),
                "{bad}"
            );
            fleet.happens(&[good, "host1"]);
            ask("host1", "true", b"").unwrap();
        }
        let slow = ask_all(&["host1"], "sleep 60", b"", limits(1_000, 2_500))
            .pop()
            .unwrap();
        assert!(matches!(slow, Err(SshError::TimedOut { .. })), "{slow:?}");
        fleet.happens(&["rekey", "host1"]);
        assert_eq!(fault("host1", patient()), Some(Fault::HostKeyChanged));
        fs::write(fleet.dir().join("known_hosts"), "# nobody\n").unwrap();
        assert_eq!(fault("host2", patient()), Some(Fault::HostKeyUnknown));
        assert!(matches!(
            ask("-oProxyCommand=x", "true", b""),
            Err(SshError::Name(_))
        ));
        assert_eq!(
            fault("no-such-host.invalid", patient()),
            Some(Fault::Unreachable)
        );
    });
}

#[test]
fn the_key_type_that_is_known_is_the_one_that_is_asked_for() {
    beside(Kind::Any, |fleet| {
        let file = fleet.dir().join("known_hosts");
        let text = fs::read_to_string(&file).unwrap();
        let only = |kind: &str| -> String {
            let lines = text.lines().filter(|line| line.contains(kind));
            lines.map(|line| format!("{line}\n")).collect()
        };
        for kind in ["ecdsa-sha2-nistp256", "ssh-ed25519"] {
            fs::write(&file, only(kind)).unwrap();
            assert_eq!(
                ask("host1", "true", b"").unwrap().way == Way::Library,
                LIBRARY,
                "{kind}"
            );
        }
        // Hashed names are as good as plain ones.
        fs::write(&file, &text).unwrap();
        let hashed = Command::new("ssh-keygen")
            .arg("-Hf")
            .arg(&file)
            .output()
            .unwrap();
        assert!(hashed.status.success());
        assert!(
            !fs::read_to_string(&file).unwrap().contains("10.77")
                && ask("host1", "true", b"").is_ok()
        );
        assert_eq!(
            ask("host1", "true", b"").unwrap().way == Way::Library,
            LIBRARY
        );
        // A key that was revoked is refused, whoever else vouches for it.
        let revoked: String = text
            .lines()
            .map(|line| format!("@revoked {line}\n"))
            .collect();
        fs::write(&file, text + &revoked).unwrap();
        assert!(ask("host1", "true", b"").is_err());
    });
}

#[test]
fn keys_come_from_files_certificates_and_agents() {
    beside(Kind::Namespaces, |fleet| {
        let dir = fleet.dir();
        let run = |program: &str, args: &[&str]| {
            let done = Command::new(program)
                .args(args)
                .current_dir(dir)
                .output()
                .unwrap();
            assert!(done.status.success(), "{program} {args:?}: {done:?}");
            String::from_utf8(done.stdout).unwrap()
        };
        let keys = fleet.disk("host1", "/etc/ssh/authorized_keys");
        for kind in ["rsa", "ecdsa"] {
            let name = format!("id_{kind}");
            run("ssh-keygen", &["-q", "-t", kind, "-N", "", "-f", &name]);
            fs::copy(dir.join(format!("{name}.pub")), &keys).unwrap();
            add_alias(
                fleet,
                kind,
                &format!("  IdentityFile {}", dir.join(&name).display()),
            );
            assert_eq!(
                ask(kind, "true", b"").unwrap().way == Way::Library,
                LIBRARY,
                "{kind}"
            );
        }
        // Only the authority's word for it lets this one in.
        run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-f", "authority"],
        );
        run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-f", "id_signed"],
        );
        run(
            "ssh-keygen",
            &[
                "-q",
                "-s",
                "authority",
                "-I",
                "test",
                "-n",
                "root",
                "id_signed.pub",
            ],
        );
        let authority = fs::read_to_string(dir.join("authority.pub")).unwrap();
        fs::write(&keys, format!("cert-authority {authority}")).unwrap();
        add_alias(
            fleet,
            "signed",
            &format!("  IdentityFile {}", dir.join("id_signed").display()),
        );
        assert_eq!(
            ask("signed", "true", b"").unwrap().way == Way::Library,
            LIBRARY
        );
        // A key with a passphrase, held by an agent.
        run(
            "ssh-keygen",
            &[
                "-q",
                "-t",
                "ed25519",
                "-N",
                "secret words",
                "-f",
                "id_locked",
            ],
        );
        fs::copy(dir.join("id_locked.pub"), &keys).unwrap();
        let socket = dir.join("agent");
        let mut agent = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .spawn()
            .unwrap();
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        fs::write(dir.join("ask"), "#!/bin/sh\necho secret words\n").unwrap();
        run("chmod", &["+x", "ask"]);
        let added = Command::new("ssh-add")
            .arg(dir.join("id_locked"))
            .env("SSH_AUTH_SOCK", &socket)
            .env("SSH_ASKPASS", dir.join("ask"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .output()
            .unwrap();
        assert!(added.status.success(), "{added:?}");
        add_alias(
            fleet,
            "locked",
            &format!(
                "  IdentityFile {}\n  IdentityAgent {}",
                dir.join("id_locked").display(),
                socket.display()
            ),
        );
        let answer = ask("locked", "true", b"");
        agent.kill().unwrap();
        agent.wait().unwrap();
        assert_eq!(answer.unwrap().way == Way::Library, LIBRARY);
        assert_eq!(fault("host1", patient()), Some(Fault::Refused));
    });
}

#[test]
fn many_hosts_take_no_longer_than_the_slowest() {
    beside(Kind::Namespaces, |fleet| {
        let mut hosts: Vec<String> = (1..=47).map(|n| format!("host{}", n % 3 + 1)).collect();
        let config = fleet.dir().join("ssh_config");
        let dead: String = (90..93)
            .map(|n| format!("Host dead{n}\n  HostName 10.77.0.{n}\n"))
            .collect();
        fs::write(&config, dead + &fs::read_to_string(&config).unwrap()).unwrap();
        hosts.extend((90..93).map(|n| format!("dead{n}")));
        let begun = Instant::now();
        let answers = ask_all(&hosts, "hostname", b"", limits(1_000, 10_000));
        let took = begun.elapsed();
        for (host, answer) in hosts.iter().zip(answers) {
            match answer {
                Ok(answer) => assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), host),
                Err(error) => assert!(host.starts_with("dead"), "{error}"),
            }
        }
        println!("50 hosts, 3 of them dead: {} ms", took.as_millis());
        assert!(took < Duration::from_secs(10), "{took:?}");
    });
}
