//! A host asked through libssh2: connect, verify, log in, run, all before one deadline.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use kgl_ssh::{Fault, SshError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use ssh2::{BlockDirections, Channel, ErrorCode, MethodType, Session};

use crate::known::{Known, Verdict};
use crate::login::log_in;
use crate::settings::Settings;
use crate::{Answer, End, Limits, Way};

/// Why libssh2 gave no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The host, or the way there, failed: no other way would do better.
    Fault(SshError),
    /// libssh2 cannot do what this host asks for.
    Unable,
}

/// libssh2's numbers: it shares no algorithm with the host.
const NO_COMMON_METHOD: [i32; 3] = [-5, -33, -8];

/// Runs `command` on the host `name`.
///
/// # Errors
/// [`NoAnswer`].
pub(crate) fn ask(
    name: &str,
    settings: &Settings,
    command: &str,
    stdin: &[u8],
    limits: Limits,
    deadline: Instant,
) -> Result<Answer, NoAnswer> {
    let fault = |fault: Fault, words: &dyn std::fmt::Display| {
        NoAnswer::Fault(SshError::Host {
            host: name.to_owned(),
            fault,
            words: words.to_string(),
        })
    };
    let stream =
        connect(settings, limits, deadline).map_err(|error| fault(Fault::Unreachable, &error))?;
    let mut session = Session::new().map_err(|_| NoAnswer::Unable)?;
    let known = Known::read(
        &session,
        &settings.known_hosts_files,
        settings.known_as(),
        settings.port,
    );
    if let Some(methods) = known.preference() {
        // Types that this libssh2 does not know are left out; if none is left, ssh has to do it.
        let able = session
            .supported_algs(MethodType::HostKey)
            .unwrap_or_default();
        let methods: Vec<&str> = methods
            .split(',')
            .filter(|method| able.contains(method))
            .collect();
        if methods.is_empty()
            || session
                .method_pref(MethodType::HostKey, &methods.join(","))
                .is_err()
        {
            return Err(NoAnswer::Unable);
        }
    }
    let socket = stream
        .try_clone()
        .map_err(|error| fault(Fault::Other, &error))?;
    session.set_tcp_stream(stream);
    session.set_timeout(milliseconds_until(deadline));
    session.handshake().map_err(|error| match error.code() {
        ErrorCode::Session(code) if NO_COMMON_METHOD.contains(&code) => NoAnswer::Unable,
        _ => fault(Fault::Silent, &error),
    })?;
    match known.judge(&session, settings.known_as(), settings.port) {
        Verdict::Known => {}
        Verdict::Wrong(wrong) => {
            return Err(fault(wrong, &"its key was compared with known_hosts"));
        }
        Verdict::AskProgram => return Err(NoAnswer::Unable),
    }
    session.set_timeout(milliseconds_until(deadline));
    // The program may have keys that libssh2 cannot use; whether they are refused, it will say.
    if !log_in(&session, settings) {
        return Err(if Instant::now() < deadline {
            NoAnswer::Unable
        } else {
            fault(Fault::Silent, &"no time was left to log in")
        });
    }
    session.set_timeout(milliseconds_until(deadline));
    let sent_at = Instant::now();
    let run = || -> Result<_, ssh2::Error> {
        let mut channel = session.channel_session()?;
        channel.exec(command)?;
        Ok(channel)
    };
    let mut channel = run().map_err(|error| fault(Fault::Cut, &error))?;
    session.set_blocking(false);
    let (stdout, stderr) =
        exchange(&session, &mut channel, &socket, stdin, deadline).map_err(|error| {
            if error.kind() == io::ErrorKind::TimedOut {
                NoAnswer::Fault(SshError::TimedOut {
                    host: name.to_owned(),
                    seconds: limits.whole.as_secs_f64(),
                })
            } else {
                fault(Fault::Cut, &error)
            }
        })?;
    session.set_blocking(true);
    session.set_timeout(milliseconds_until(deadline));
    channel
        .wait_close()
        .map_err(|error| fault(Fault::Cut, &error))?;
    let end = end_of(&channel).map_err(|error| fault(Fault::Cut, &error))?;
    Ok(Answer {
        end,
        stdout,
        stderr,
        way: Way::Library,
        sent_at,
        ended_at: Instant::now(),
    })
}

/// How the command ended. A command that was killed has the code 0, so the signal is asked first.
fn end_of(channel: &Channel) -> Result<End, ssh2::Error> {
    Ok(match channel.exit_signal()?.exit_signal {
        Some(name) => End::Signal(name),
        None => End::Code(channel.exit_status()?),
    })
}

fn connect(settings: &Settings, limits: Limits, deadline: Instant) -> io::Result<TcpStream> {
    let mut error = io::Error::other(format!("{} has no address", settings.address));
    for address in (settings.address.as_str(), settings.port).to_socket_addrs()? {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .min(limits.connect);
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                // Small messages, one after the other: waiting to fill a packet only costs time.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(failed) => error = failed,
        }
    }
    Err(error)
}

/// Gives the command its stdin and takes its stdout and stderr, all at the same time: whoever
/// reads one to its end first waits forever once the other one is full.
fn exchange(
    session: &Session,
    channel: &mut Channel,
    socket: &TcpStream,
    stdin: &[u8],
    deadline: Instant,
) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut rest = stdin;
    let mut closed = false;
    let mut buffer = vec![0; 1 << 15];
    loop {
        let mut moved = false;
        if !rest.is_empty() {
            if let Some(count) = unless_busy(channel.write(rest))? {
                rest = &rest[count..];
                moved |= count > 0;
            }
        } else if !closed {
            closed = channel.send_eof().map_or_else(
                |error| io::Error::from(error).kind() != io::ErrorKind::WouldBlock,
                |()| true,
            );
        }
        if let Some(count) = unless_busy(channel.read(&mut buffer))? {
            stdout.extend_from_slice(&buffer[..count]);
            moved |= count > 0;
        }
        if let Some(count) = unless_busy(channel.stderr().read(&mut buffer))? {
            stderr.extend_from_slice(&buffer[..count]);
            moved |= count > 0;
        }
        if channel.eof() && !moved {
            return Ok((stdout, stderr));
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if !moved {
            wait(session, socket, deadline)?;
        }
    }
}

/// Waits until the socket has something for libssh2, or room for what it has.
fn wait(session: &Session, socket: &TcpStream, deadline: Instant) -> io::Result<()> {
    let flags = match session.block_directions() {
        BlockDirections::Outbound => PollFlags::OUT,
        BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
        _ => PollFlags::IN,
    };
    let left = deadline.saturating_duration_since(Instant::now());
    let longest = Timespec::try_from(left).map_err(io::Error::other)?;
    poll(
        &mut [PollFd::from_borrowed_fd(socket.as_fd(), flags)],
        Some(&longest),
    )?;
    Ok(())
}

fn unless_busy(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn milliseconds_until(deadline: Instant) -> u32 {
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    u32::try_from(left.as_millis()).unwrap_or(u32::MAX)
}
