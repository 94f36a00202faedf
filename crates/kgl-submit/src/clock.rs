//! Time: what it is, and how it passes.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;

/// A clock to wait by.
pub trait Clock {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    fn sleep(&self, time: Duration);
}

/// The machine's clock. `haste` makes waits shorter by that factor and the clock
/// run ahead by what was saved, for tests of the whole program: it changes how
/// long is waited, never what is decided.
#[derive(Debug, Clone)]
pub struct SystemClock {
    haste: u32,
    ahead: Cell<Duration>,
}

impl SystemClock {
    /// A clock that waits `1/haste` of the time.
    #[must_use]
    pub fn new(haste: u32) -> Self {
        Self {
            haste: haste.max(1),
            ahead: Cell::default(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.ahead.get()).unwrap_or(now)
    }

    fn sleep(&self, time: Duration) {
        let real = time / self.haste;
        std::thread::sleep(real);
        self.ahead.set(self.ahead.get() + (time - real));
    }
}

/// A moment as documents write it: RFC 3339 in UTC, to the second.
#[must_use]
pub fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A moment as the site or a document writes it.
#[must_use]
pub fn read_stamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// From `earlier` to `later`; nothing when it is the other way round.
#[must_use]
pub fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

/// Times to wait between looks: doubling from `first` to `last`.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    next: Duration,
    last: Duration,
}

impl Backoff {
    /// Begins with `first` and never waits longer than `last`.
    #[must_use]
    pub fn new(first: Duration, last: Duration) -> Self {
        Self { next: first, last }
    }

    /// The time to wait now.
    pub fn step(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.last);
        now
    }
}
