//! The decision: which host is given which shard next, and which copies are ended. Pure: a
//! function of what is known and of the time, so that a fleet of any kind can be played through in
//! a test.

use std::collections::{BTreeMap, BTreeSet};

/// When a shard moves, and when nobody goes on. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// A host that has not been heard for so long is lost: its shards go to others.
    pub lost_after: u64,
    /// A shard that a host has held for so long goes to an idle host as well.
    pub slow_after: u64,
    /// When no host was of any use for so long, it ends.
    pub give_up_after: u64,
    /// Shards that a host holds at once, the one it computes among them.
    pub depth: usize,
    /// A shard that failed so often is not tried again.
    pub max_failures: u32,
}

/// A shard at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The run's id there.
    pub run: String,
    /// Since when, by our clock.
    pub since: u64,
    /// It was told to end.
    pub stopping: bool,
}

/// What is known of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostView {
    /// It was synced, and answers: it can be given work now.
    pub ready: bool,
    /// Since when it has been of no use, if it is.
    pub away_since: Option<u64>,
    /// Since when nothing came of it, whether it answers or not.
    pub no_use_since: Option<u64>,
    /// After a failure it is given nothing until then.
    pub rests_until: u64,
    /// What it holds, by shard.
    pub held: BTreeMap<u32, Held>,
}

/// All that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// How many shards there are.
    pub count: u32,
    /// Those that are here.
    pub done: BTreeSet<u32>,
    /// How often each has failed.
    pub failures: BTreeMap<u32, u32>,
    /// The host each shard begins with.
    pub home: Vec<usize>,
    /// The hosts.
    pub hosts: Vec<HostView>,
}

/// What is to be done on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Give it a shard.
    Start {
        /// The host.
        host: usize,
        /// The shard.
        shard: u32,
    },
    /// End a copy of a shard that is here.
    Stop {
        /// The host.
        host: usize,
        /// The shard.
        shard: u32,
    },
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every shard is here.
    Complete,
    /// It goes on.
    Going,
    /// No host has been of any use for too long.
    Deserted,
    /// What is left has failed too often.
    Blocked,
}

impl View {
    /// Whether host `h` counts as lost.
    #[must_use]
    pub fn is_lost(&self, h: usize, now: u64, terms: &Terms) -> bool {
        let away = self.hosts[h].away_since;
        away.is_some_and(|since| now.saturating_sub(since) >= terms.lost_after)
    }

    fn is_blocked(&self, shard: u32, terms: &Terms) -> bool {
        self.failures.get(&shard).copied().unwrap_or(0) >= terms.max_failures
    }

    /// The hosts that hold `shard` and are not lost.
    fn holders(&self, shard: u32, now: u64, terms: &Terms) -> Vec<usize> {
        (0..self.hosts.len())
            .filter(|&h| self.hosts[h].held.contains_key(&shard) && !self.is_lost(h, now, terms))
            .collect()
    }
}

/// Decides.
#[must_use]
pub fn decide(view: &View, now: u64, terms: &Terms) -> (Vec<Action>, Verdict) {
    let mut actions = stops(view);
    let open: Vec<u32> = (0..view.count)
        .filter(|shard| !view.done.contains(shard))
        .collect();
    if open.is_empty() {
        return (actions, Verdict::Complete);
    }
    let mut holders: BTreeMap<u32, Vec<usize>> = open
        .iter()
        .map(|&shard| (shard, view.holders(shard, now, terms)))
        .collect();
    let mut load: Vec<usize> = view
        .hosts
        .iter()
        .map(|host| {
            host.held
                .keys()
                .filter(|shard| !view.done.contains(shard))
                .count()
        })
        .collect();
    // Round by round, so that nobody is given a second one before everybody has a first.
    for depth in 0..terms.depth {
        for (h, host) in view.hosts.iter().enumerate() {
            if !host.ready || host.away_since.is_some() || now < host.rests_until || load[h] > depth
            {
                continue;
            }
            let fresh: Vec<u32> = open
                .iter()
                .copied()
                .filter(|shard| holders[shard].is_empty() && !host.held.contains_key(shard))
                .filter(|&shard| !view.is_blocked(shard, terms))
                .collect();
            // At the end nobody waits behind somebody else: then the tail would be long.
            let waiting = depth > 0;
            if waiting
                && fresh.len()
                    <= view
                        .hosts
                        .iter()
                        .filter(|host| host.away_since.is_none())
                        .count()
            {
                continue;
            }
            let own = fresh
                .iter()
                .find(|&&shard| view.home.get(shard as usize) == Some(&h));
            let slow = || slow_copy(view, h, &open, &holders, now, terms);
            let chosen = own.or(fresh.first()).copied();
            let chosen = if waiting {
                chosen
            } else {
                chosen.or_else(slow)
            };
            if let Some(shard) = chosen {
                actions.push(Action::Start { host: h, shard });
                holders.entry(shard).or_default().push(h);
                load[h] += 1;
            }
        }
    }
    (actions, verdict(view, &open, &holders, now, terms))
}

/// Copies of shards that are here already.
fn stops(view: &View) -> Vec<Action> {
    let mut actions = Vec::new();
    for (host, known) in view.hosts.iter().enumerate().filter(|(_, host)| host.ready) {
        for (&shard, held) in &known.held {
            if view.done.contains(&shard) && !held.stopping {
                actions.push(Action::Stop { host, shard });
            }
        }
    }
    actions
}

/// The shard that has been held longest by somebody else, too long, and by one only.
fn slow_copy(
    view: &View,
    h: usize,
    open: &[u32],
    holders: &BTreeMap<u32, Vec<usize>>,
    now: u64,
    terms: &Terms,
) -> Option<u32> {
    let since = |shard: u32| match holders[&shard].as_slice() {
        [one] if *one != h => view.hosts[*one].held.get(&shard).map(|held| held.since),
        _ => None,
    };
    open.iter()
        .copied()
        .filter(|&shard| !view.is_blocked(shard, terms))
        .filter_map(|shard| Some((since(shard)?, shard)))
        .filter(|(since, _)| now.saturating_sub(*since) >= terms.slow_after)
        .min()
        .map(|(_, shard)| shard)
}

fn verdict(
    view: &View,
    open: &[u32],
    holders: &BTreeMap<u32, Vec<usize>>,
    now: u64,
    terms: &Terms,
) -> Verdict {
    let deserted = view.hosts.iter().all(|host| {
        host.no_use_since
            .is_some_and(|since| now.saturating_sub(since) >= terms.give_up_after)
    });
    if deserted {
        return Verdict::Deserted;
    }
    let hopeless = open
        .iter()
        .all(|&shard| view.is_blocked(shard, terms) && holders[&shard].is_empty());
    if hopeless {
        Verdict::Blocked
    } else {
        Verdict::Going
    }
}

#[cfg(test)]
mod tests;
