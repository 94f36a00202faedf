//! Signals to this process, as things one can wait for.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

/// Catches what asks this process to end, and notices when a child has ended.
///
/// From [`Signals::catch`] on, ^C no longer ends the process: whoever waits decides.
#[derive(Debug)]
pub(crate) struct Signals {
    wake: UnixStream,
    asks: UnixStream,
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// Begins to catch HUP, INT, QUIT and TERM. Those that the caller had ignored stay ignored:
    /// that is how nohup and a shell's `&` protect what they start.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub(crate) fn catch() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        let (asks, asker) = UnixStream::pair()?;
        asks.set_nonblocking(true)?;
        let last = Arc::new(AtomicUsize::new(0));
        let ignored = ignored();
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            if ignored & (1 << (signal - 1)) != 0 {
                continue;
            }
            // In this order: which it was, that there was one, and only then wake up.
            flag::register_usize(signal, last.clone(), usize::try_from(signal).unwrap_or(0))?;
            pipe::register(signal, asker.try_clone()?)?;
            pipe::register(signal, waker.try_clone()?)?;
        }
        pipe::register(SIGCHLD, waker)?;
        Ok(Self { wake, asks, last })
    }

    /// Waits for any signal, at most `longest`, which is not zero.
    pub(crate) fn wait(&mut self, longest: Duration) {
        let _ = self.wake.set_read_timeout(Some(longest));
        let _ = self.wake.read(&mut [0; 64]);
    }

    /// The last signal that asked for the end since this was called before.
    pub(crate) fn taken(&mut self) -> Option<Signal> {
        self.asks.read(&mut [0; 64]).ok().filter(|n| *n > 0)?;
        Some(match i32::try_from(self.last.load(Ordering::SeqCst)) {
            Ok(SIGHUP) => Signal::HUP,
            Ok(SIGINT) => Signal::INT,
            Ok(SIGQUIT) => Signal::QUIT,
            _ => Signal::TERM,
        })
    }
}

/// The signals this process was started to ignore: bit n-1 is signal n.
fn ignored() -> u64 {
    fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
