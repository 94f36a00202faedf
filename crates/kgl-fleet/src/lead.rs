//! The loop: asks what hosts hold, decides, hands out, takes in. It keeps nothing that is not on
//! the hosts or in the folder of shards here, so it can be ended and started again at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use kgl_cli::{Failure, Io, OrFail as _, Progress, duration};
use kgl_contract::IndexSet;
use rustix::fs::{FlockOperation, flock};

use crate::decide::{Action, Held, Terms, Verdict, View, decide};
use crate::fleet::Led;
use crate::host::Known;
use crate::prepare::prepare;
use crate::shards::{Shards, Taken};
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
    Prepared(usize, Result<usize, Trouble>),
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
    home: Vec<usize>,
    failures: BTreeMap<u32, u32>,
    reasons: BTreeMap<u32, String>,
    /// How long shards took, in ms.
    times: Vec<u64>,
    sender: Sender<Event>,
    events: Receiver<Event>,
    progress: Progress,
}

/// Leads the fleet until every shard is in `folder`.
///
/// # Errors
/// Another launch is at work here (exit 1); two results of one shard (exit 2); no host is of any
/// use, shards fail everywhere, a signal, or the disk here (exit 3).
pub(crate) fn lead(led: Led, folder: &Path, terms: Terms, io: &Io) -> Result<(), Failure> {
    let count = led.fleet.shard_count;
    let shards = Shards::open(folder, led.identity, count)?;
    let _lock = lock(folder)?;
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        signal_hook::flag::register(signal, Arc::clone(&ended))
            .or_outside("cannot catch signals")?;
    }
    let (sender, events) = channel();
    let progress = io.progress(count.into(), "shards");
    progress.advance(shards.done().len() as u64);
    let home = led.home();
    let hosts = (0..led.host_count()).map(|_| Known::default()).collect();
    let mut lead = Lead {
        led: Arc::new(led),
        terms,
        io,
        begun: Instant::now(),
        shards,
        hosts,
        home,
        failures: BTreeMap::new(),
        reasons: BTreeMap::new(),
        times: Vec::new(),
        sender,
        events,
        progress,
    };
    lead.go(&ended)
}

/// One launch at a time in a folder of shards.
fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(".fleet-lock");
    let file = File::create(&path).or_outside(format_args!("cannot write {}", path.display()))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Failure::no("another launch leads this search already").hint(
            "`make watch-local` follows it; `make stop` ends it and what it started on the hosts",
        )
    })?;
    Ok(file)
}

impl Lead<'_> {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn go(&mut self, ended: &AtomicBool) -> Result<(), Failure> {
        let mut complete_since = None;
        loop {
            if ended.load(Ordering::Relaxed) {
                return Err(Failure::outside(
                    "ended by a signal; the hosts go on with what they hold",
                )
                .hint("the same command takes it up again; `make stop` ends it on the hosts too"));
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
            answers && (!known.view.held.is_empty() || !known.finished.is_empty() || known.busy)
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
                    self.begin(h, move |led, sender| {
                        let _ = sender.send(Event::Prepared(h, prepare(led, h)));
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
                && (orders.close.is_empty() || !ending);
            let due = known.view.away_since.is_some() || now.saturating_sub(known.heard) >= IDLE;
            if quiet && !works && !due {
                self.hosts[h].finished = finished;
                continue;
            }
            if works && !ending {
                orders.wait = WAIT;
            }
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

    fn apply(&mut self, event: Event) -> Result<(), Failure> {
        let now = self.now();
        let (h, trouble) = match event {
            Event::Prepared(h, Ok(kind)) => {
                self.hosts[h].kind = Some(kind);
                self.io.note(format_args!("{}: ready", self.led.name(h)));
                // What it holds from an earlier launch is asked before it is given anything.
                self.hosts[h].busy = false;
                if self.hosts[h].answered(now) {
                    self.io.note(format_args!("{}: is back", self.led.name(h)));
                }
                let there = self.led.there(h, kind);
                let have = Some(self.hosts[h].fetched.clone());
                self.begin(h, move |_, sender| {
                    let orders = Orders {
                        have,
                        ..Orders::default()
                    };
                    let answer = there.exchange(&orders);
                    let _ = sender.send(Event::Answered(h, Box::new(orders), answer));
                });
                return Ok(());
            }
            Event::Answered(h, orders, Ok(answer)) => {
                self.hosts[h].busy = false;
                return self.take(h, &orders, &answer, now);
            }
            Event::Prepared(h, Err(trouble)) | Event::Answered(h, _, Err(trouble)) => (h, trouble),
        };
        self.hosts[h].busy = false;
        if self.hosts[h].trouble(&trouble, now) {
            self.io.warn(format_args!(
                "{}; its shards move after {}",
                trouble.what,
                duration(self.terms.lost_after / 1000)
            ));
        }
        Ok(())
    }

    /// Takes in what host `h` answered.
    fn take(
        &mut self,
        h: usize,
        orders: &Orders,
        answer: &Answer,
        now: u64,
    ) -> Result<(), Failure> {
        let name = self.led.name(h).to_owned();
        if self.hosts[h].answered(now) {
            self.io.note(format_args!("{name}: is back"));
        }
        let mut delivered = answer.has.clone();
        for (index, bytes) in &answer.shards {
            match self.shards.take(*index, &name, bytes)? {
                Taken::Broken(what) => {
                    self.hosts[h].aside.push(*index);
                    self.io.warn(format_args!(
                        "{name}: its shard {index} is broken ({what}); it is moved aside there and searched again"
                    ));
                    continue;
                }
                Taken::New { elapsed_ms } => {
                    self.times.push(elapsed_ms);
                    self.progress.advance(1);
                    self.hosts[h].was_of_use();
                    let done = self.shards.done().len();
                    self.io.note(format_args!(
                        "{name}: shard {index} is here ({done} of {}, after {})",
                        self.led.fleet.shard_count,
                        duration(now / 1000)
                    ));
                }
                Taken::Same => {}
                Taken::Corrupt => self.io.warn(format_args!(
                    "corruption: {name} has another result for shard {index} than the one that is here"
                )),
            }
            self.hosts[h].fetched.insert(*index);
            self.hosts[h].finished.insert(*index);
            delivered.insert(*index);
        }
        for (shard, code, why) in &answer.refused {
            self.hosts[h].view.held.remove(shard);
            if *code == 1 {
                self.hosts[h].is_taken(now);
                continue;
            }
            self.hosts[h].failed(now);
            self.reasons.insert(*shard, format!("{name}: {why}"));
            self.io.warn(format_args!(
                "{name}: shard {shard} cannot be started: {why}"
            ));
        }
        let ended = self.hosts[h].reconcile(&self.led, &answer.runs, &delivered, now);
        for (shard, how) in ended.failed {
            self.hosts[h].failed(now);
            *self.failures.entry(shard).or_default() += 1;
            self.io.warn(format_args!("{name}: shard {shard} {how}"));
            self.reasons
                .insert(shard, format!("{name}: shard {shard} {how}"));
        }
        if !orders.start.is_empty() && answer.refused.is_empty() {
            self.hosts[h].view.no_use_since = None;
        }
        Ok(())
    }

    /// Every shard is here: unless one of them is here in two ways, that is the end.
    fn complete(&self) -> Result<(), Failure> {
        if !self.shards.corrupt().is_empty() {
            return Err(Failure::usage(format_args!(
                "corruption: two results of one shard; beside each of these lies the other: {}",
                self.shards.corrupt().join(", ")
            ))
            .hint("search that shard once more elsewhere, see which one it equals, and remove the other"));
        }
        for (h, known) in self.hosts.iter().enumerate() {
            if !known.view.held.is_empty() {
                let held: BTreeSet<u32> = known.view.held.keys().copied().collect();
                self.io.warn(format_args!(
                    "{} may still search shard {} when it is back; launch_cluster_search.sh --stop ends that",
                    self.led.name(h),
                    held.into_iter().collect::<IndexSet>()
                ));
            }
        }
        self.io.note(format_args!(
            "all {} shards are here after {}",
            self.led.fleet.shard_count,
            duration(self.now() / 1000)
        ));
        Ok(())
    }

    /// What is missing, why, and the way on.
    fn missing(&self, what: &str) -> Failure {
        let done = self.shards.done();
        let missing: IndexSet = (0..self.led.fleet.shard_count)
            .filter(|shard| !done.contains(shard))
            .collect();
        let mut why: Vec<String> = self
            .hosts
            .iter()
            .filter_map(|known| known.trouble.clone())
            .collect();
        why.extend(
            missing
                .iter()
                .filter_map(|shard| self.reasons.get(&shard))
                .cloned(),
        );
        why.dedup();
        why.truncate(6);
        Failure::outside(format_args!(
            "{what}; shards {missing} of {} are missing\n  {}",
            self.led.fleet.shard_count,
            why.join("\n  ")
        ))
        .hint("the same command goes on with what is missing; launch_cluster_search.sh --here searches it on this machine")
    }
}
