//! The loop: asks what hosts hold, decides, hands out, takes in. It keeps nothing that is not on
//! the hosts or in the folder of shards here, so it can be ended and started again at any time.

mod intake;
mod outcome;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use kgl_cli::{Failure, Io, OrFail as _, Progress, duration};
use rustix::fs::{FlockOperation, flock};

use crate::decide::{Action, Held, Terms, Verdict, View, decide};
use crate::estimate::Scout;
use crate::fleet::Led;
use crate::host::Known;
use crate::prepare::{prepare, reach};
use crate::shards::Shards;
use crate::there::{Answer, Orders, Trouble};

/// How long a host that works waits for news before it answers.
const WAIT: Duration = Duration::from_secs(2);
/// How often a host without work is asked whether it is still there, in ms.
const IDLE: u64 = 10_000;
const TICK: Duration = Duration::from_millis(50);
/// A shard is slow when it takes so many times as long as usual.
const SLOW: u64 = 6;
/// How long copies that are not needed are waited for at the end.
const LAST: u64 = 8_000;

/// What a host's thread reports.
enum Event {
    /// It is ready: its kind of programs, and what it holds.
    Prepared(usize, Result<(usize, Answer), Trouble>),
    Answered(usize, Box<Orders>, Result<Answer, Trouble>),
}

/// A fleet at work.
struct Lead<'a> {
    led: Arc<Led>,
    terms: Terms,
    io: &'a Io,
    begun: Instant,
    shards: Shards,
    hosts: Vec<Known>,
    scouts: Vec<Option<Scout>>,
    home: Vec<usize>,
    failures: BTreeMap<u32, u32>,
    reasons: BTreeMap<u32, String>,
    /// How long shards took, in ms.
    times: Vec<u64>,
    sender: Sender<Event>,
    events: Receiver<Event>,
    progress: Progress,
}

/// Leads the fleet until every shard is in `folder`, beginning with what `scouts` have found.
///
/// # Errors
/// Two results of one shard (exit 2); no host is of any use, shards fail everywhere, a signal, or
/// the disk here (exit 3).
pub(crate) fn lead(
    led: &Arc<Led>,
    mut scouts: Vec<Option<Scout>>,
    folder: &Path,
    terms: Terms,
    ended: &AtomicBool,
    io: &Io,
) -> Result<(), Failure> {
    let count = led.fleet.shard_count;
    let shards = Shards::open(folder, led.identity, count)?;
    let (sender, events) = channel();
    let progress = io.progress(count.into(), "shards");
    progress.advance(shards.done().len() as u64);
    scouts.resize_with(led.host_count(), || None);
    let mut lead = Lead {
        led: Arc::clone(led),
        terms,
        io,
        begun: Instant::now(),
        shards,
        hosts: scouts.iter().map(|_| Known::default()).collect(),
        home: led.home(),
        scouts,
        failures: BTreeMap::new(),
        reasons: BTreeMap::new(),
        times: Vec::new(),
        sender,
        events,
        progress,
    };
    lead.go(ended)
}

/// One launch at a time in a folder of shards.
///
/// # Errors
/// Another launch is at work here (exit 1); the disk (exit 3).
pub(crate) fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(".fleet-lock");
    std::fs::create_dir_all(folder).or_outside(format_args!("cannot make {}", folder.display()))?;
    let file = File::create(&path).or_outside(format_args!("cannot write {}", path.display()))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Failure::no("another launch leads this search already").hint(
            "`make watch-local` follows it; `make stop` ends it and what it started on the hosts",
        )
    })?;
    Ok(file)
}

/// Ended by a signal, and what that means for the hosts.
pub(crate) fn interrupted(hosts: &str) -> Failure {
    Failure::outside(format_args!("ended by a signal; {hosts}"))
        .hint("the same command takes it up again; `make stop` ends it on the hosts too")
}

/// What makes host `h` ready: a scout may have made the way already.
fn make_ready(
    led: &Led,
    h: usize,
    scout: Option<Scout>,
    orders: &Orders,
) -> Result<(usize, Answer), Trouble> {
    let reached = match scout.and_then(|scout| scout.join().ok()) {
        Some(reached) => reached?,
        None => reach(led, h)?,
    };
    prepare(led, h, &reached)?;
    // What it holds from an earlier launch is asked before it is given anything.
    let answer = led.there(h, reached.kind).exchange(orders)?;
    Ok((reached.kind, answer))
}

impl Lead<'_> {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn go(&mut self, ended: &AtomicBool) -> Result<(), Failure> {
        let mut complete_since = None;
        loop {
            if ended.load(Ordering::Relaxed) {
                return Err(interrupted("the hosts go on with what they hold"));
            }
            let now = self.now();
            let (actions, verdict) = decide(&self.view(), now, &self.terms());
            match verdict {
                Verdict::Going => complete_since = None,
                Verdict::Complete => {
                    let since = *complete_since.get_or_insert(now);
                    if !self.is_untidy() || now - since > LAST {
                        return self.complete();
                    }
                }
                Verdict::Deserted => return Err(self.missing("no host is of any use")),
                Verdict::Blocked => return Err(self.missing("what is left fails on every host")),
            }
            self.dispatch(&actions, verdict == Verdict::Complete, now);
            if let Ok(event) = self.events.recv_timeout(TICK) {
                self.apply(event)?;
            }
        }
    }

    /// Whether a host that answers still holds a copy of a shard that is here, or sessions.
    fn is_untidy(&self) -> bool {
        self.hosts.iter().any(|known| {
            let answers = known.kind.is_some() && known.view.away_since.is_none();
            let quiet = known.view.held.is_empty()
                && known.finished.is_empty()
                && known.forget.is_empty()
                && !known.busy;
            answers && !quiet
        })
    }

    fn terms(&self) -> Terms {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        Terms {
            slow_after: self.terms.slow_after.max(usual * SLOW),
            ..self.terms
        }
    }

    fn view(&self) -> View {
        let view = |known: &Known| {
            let mut view = known.view.clone();
            view.ready = known.kind.is_some() && !known.busy;
            view
        };
        View {
            count: self.led.fleet.shard_count,
            done: self.shards.done(),
            failures: self.failures.clone(),
            home: self.home.clone(),
            hosts: self.hosts.iter().map(view).collect(),
        }
    }

    /// Talks to every host that nobody is talking to and that there is something to say to.
    fn dispatch(&mut self, actions: &[Action], ending: bool, now: u64) {
        for h in 0..self.hosts.len() {
            if self.hosts[h].busy || now < self.hosts[h].next_try {
                continue;
            }
            let Some(kind) = self.hosts[h].kind else {
                if !ending {
                    let scout = self.scouts[h].take();
                    let orders = Orders {
                        have: Some(self.hosts[h].fetched.clone()),
                        ..Orders::default()
                    };
                    self.begin(h, move |led, sender| {
                        let ready = make_ready(led, h, scout, &orders);
                        let _ = sender.send(Event::Prepared(h, ready));
                    });
                }
                continue;
            };
            let finished = std::mem::take(&mut self.hosts[h].finished);
            let mut orders = Orders {
                aside: std::mem::take(&mut self.hosts[h].aside),
                close: finished
                    .iter()
                    .map(|&shard| self.led.session(shard))
                    .collect(),
                have: Some(self.hosts[h].fetched.clone()),
                ..Orders::default()
            };
            for action in actions {
                match *action {
                    Action::Start { host, shard } if host == h => {
                        self.tell_move(h, shard, now);
                        let run = self.led.run(h, kind, shard);
                        let held = Held {
                            run: run.id.clone(),
                            since: now,
                            stopping: false,
                        };
                        self.hosts[h].view.held.insert(shard, held);
                        orders.start.push((shard, self.led.session(shard), run));
                    }
                    Action::Stop { host, shard } if host == h => {
                        if let Some(held) = self.hosts[h].view.held.get_mut(&shard) {
                            held.stopping = true;
                            orders.stop.push(held.run.clone());
                            // What ran in its session has ended by the next exchange.
                            self.hosts[h].finished.insert(shard);
                        }
                    }
                    _ => {}
                }
            }
            let known = &self.hosts[h];
            let works = !known.view.held.is_empty();
            let quiet = orders.start.is_empty()
                && orders.stop.is_empty()
                && orders.aside.is_empty()
                && (!ending || (orders.close.is_empty() && self.hosts[h].forget.is_empty()));
            let due = known.view.away_since.is_some() || now.saturating_sub(known.heard) >= IDLE;
            if quiet && !works && !due {
                self.hosts[h].finished = finished;
                continue;
            }
            if works && !ending {
                orders.wait = WAIT;
            }
            let forget = std::mem::take(&mut self.hosts[h].forget);
            self.hosts[h].forgotten += forget.len();
            orders.forget = forget.into_iter().collect();
            let there = self.led.there(h, kind);
            self.begin(h, move |_, sender| {
                let answer = there.exchange(&orders);
                let _ = sender.send(Event::Answered(h, Box::new(orders), answer));
            });
        }
    }

    fn begin(&mut self, h: usize, work: impl FnOnce(&Led, &Sender<Event>) + Send + 'static) {
        self.hosts[h].busy = true;
        let (led, sender) = (Arc::clone(&self.led), self.sender.clone());
        thread::spawn(move || work(&led, &sender));
    }

    /// Says so when a shard goes to host `h` that another holds.
    fn tell_move(&self, h: usize, shard: u32, now: u64) {
        for (other, known) in self
            .hosts
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != h)
        {
            let Some(held) = known.view.held.get(&shard) else {
                continue;
            };
            let why = match known.view.away_since {
                Some(since) => format!("has not been heard for {}", duration((now - since) / 1000)),
                None => format!("has had it for {}", duration((now - held.since) / 1000)),
            };
            let (name, other) = (self.led.name(h), self.led.name(other));
            self.io.note(format_args!(
                "{other} {why}: {name} searches shard {shard} as well"
            ));
        }
    }
}
