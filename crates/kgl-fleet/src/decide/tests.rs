use super::*;
use proptest::prelude::*;

const TERMS: Terms = Terms {
    lost_after: 10_000,
    slow_after: 30_000,
    give_up_after: 60_000,
    depth: 2,
    max_failures: 5,
};

fn view(hosts: usize, count: u32) -> View {
    View {
        count,
        done: BTreeSet::new(),
        failures: BTreeMap::new(),
        home: (0..count as usize).map(|shard| shard % hosts).collect(),
        hosts: vec![
            HostView {
                ready: true,
                ..HostView::default()
            };
            hosts
        ],
    }
}

fn held(since: u64) -> Held {
    Held {
        run: String::new(),
        since,
        stopping: false,
    }
}

#[test]
fn every_host_begins_with_its_own_and_has_one_waiting() {
    let (actions, verdict) = decide(&view(2, 9), 0, &TERMS);
    let given: Vec<(usize, u32)> = actions
        .iter()
        .map(|action| match action {
            Action::Start { host, shard } => (*host, *shard),
            Action::Stop { .. } => panic!("nothing to stop"),
        })
        .collect();
    assert_eq!(given, [(0, 0), (1, 1), (0, 2), (1, 3)]);
    assert_eq!(verdict, Verdict::Going);
    // At the end nobody waits behind somebody else.
    assert_eq!(decide(&view(2, 3), 0, &TERMS).0.len(), 2);
}

#[test]
fn the_shards_of_a_lost_host_move_and_not_before() {
    let mut view = view(2, 2);
    view.hosts[0].held.insert(0, held(0));
    view.hosts[0].away_since = Some(1_000);
    view.done.insert(1);
    assert_eq!(decide(&view, 10_999, &TERMS).0, []);
    let moved = [Action::Start { host: 1, shard: 0 }];
    assert_eq!(decide(&view, 11_000, &TERMS).0, moved);
}

#[test]
fn a_slow_shard_is_given_to_one_idle_host_more_and_then_its_copies_are_ended() {
    let mut view = view(3, 1);
    view.hosts[1].held.insert(0, held(5_000));
    assert_eq!(decide(&view, 34_999, &TERMS).0, []);
    let moved = [Action::Start { host: 0, shard: 0 }];
    assert_eq!(decide(&view, 35_000, &TERMS).0, moved);
    view.hosts[0].held.insert(0, held(35_000));
    assert_eq!(decide(&view, 99_000, &TERMS).0, []);
    view.done.insert(0);
    let (actions, verdict) = decide(&view, 99_000, &TERMS);
    let stops = [0, 1].map(|host| Action::Stop { host, shard: 0 });
    assert_eq!((actions, verdict), (stops.into(), Verdict::Complete));
}

#[test]
fn it_ends_when_no_host_is_of_use_or_what_is_left_fails() {
    let mut view = view(2, 2);
    for host in &mut view.hosts {
        host.no_use_since = Some(1_000);
    }
    assert_eq!(decide(&view, 60_999, &TERMS).1, Verdict::Going);
    assert_eq!(decide(&view, 61_000, &TERMS).1, Verdict::Deserted);
    view.hosts[1].no_use_since = None;
    view.failures = BTreeMap::from([(0, 5), (1, 5)]);
    assert_eq!(decide(&view, 61_000, &TERMS), (vec![], Verdict::Blocked));
}

/// What happens to a host at some moment of the game.
#[derive(Debug, Clone)]
enum Fate {
    Away(u64),
    Forgets,
    Slow(u64),
    Fails,
}

fn fates() -> impl Strategy<Value = Vec<(u64, usize, Fate)>> {
    let fate = prop_oneof![
        (1_000..40_000u64).prop_map(Fate::Away),
        Just(Fate::Forgets),
        (2..40u64).prop_map(Fate::Slow),
        Just(Fate::Fails),
    ];
    prop::collection::vec((0..60_000u64, 0..3usize, fate), 0..12)
}

proptest! {
    /// A fleet played through: whatever happens to its hosts, as long as one of them is there in
    /// the end every shard is searched; nobody is given what is here, what he holds, or more than
    /// he may hold; and a shard that nobody lost and nobody is slow with is searched once.
    #[test]
    fn every_shard_is_searched_whatever_happens(count in 1..40u32, fates in fates(), speeds in prop::array::uniform3(1..6u64)) {
        let mut view = view(3, count);
        let mut speed = speeds;
        let mut left: Vec<BTreeMap<u32, u64>> = vec![BTreeMap::new(); 3];
        let mut back = [0u64; 3];
        let mut starts = 0;
        let step = 500;
        let mut now = 0;
        loop {
            prop_assert!(now < 3_600_000, "it does not end: {view:?}");
            for (_, h, fate) in fates.iter().filter(|(at, _, _)| *at >= now && *at < now + step) {
                match fate {
                    Fate::Away(time) => {
                        view.hosts[*h].away_since.get_or_insert(now);
                        view.hosts[*h].no_use_since.get_or_insert(now);
                        back[*h] = now + time;
                    }
                    Fate::Forgets => left[*h].clear(),
                    Fate::Slow(factor) => speed[*h] *= factor,
                    Fate::Fails => {
                        if let Some((shard, _)) = left[*h].pop_first() {
                            *view.failures.entry(shard).or_default() += 1;
                        }
                    }
                }
            }
            for h in 0..3 {
                // It computes also while nobody hears it.
                if let Some(mut first) = left[h].first_entry() {
                    *first.get_mut() = first.get().saturating_sub(step);
                }
                if view.hosts[h].away_since.is_some() && now >= back[h] {
                    view.hosts[h].away_since = None;
                    view.hosts[h].no_use_since = None;
                }
                if view.hosts[h].away_since.is_none() {
                    let finished: Vec<u32> = left[h].iter().filter(|(_, ms)| **ms == 0).map(|(shard, _)| *shard).collect();
                    for shard in finished {
                        left[h].remove(&shard);
                        view.done.insert(shard);
                    }
                    view.hosts[h].held.retain(|shard, _| left[h].contains_key(shard));
                }
            }
            let (actions, verdict) = decide(&view, now, &TERMS);
            if verdict == Verdict::Complete {
                break;
            }
            prop_assert_eq!(verdict, Verdict::Going);
            for action in actions {
                match action {
                    Action::Start { host, shard } => {
                        prop_assert!(!view.done.contains(&shard));
                        prop_assert!(view.hosts[host].away_since.is_none());
                        prop_assert!(view.hosts[host].held.insert(shard, held(now)).is_none());
                        prop_assert!(view.hosts[host].held.len() <= TERMS.depth);
                        left[host].insert(shard, 1_000 * speed[host]);
                        starts += 1;
                    }
                    Action::Stop { host, shard } => {
                        prop_assert!(view.done.contains(&shard));
                        view.hosts[host].held.remove(&shard);
                        left[host].remove(&shard);
                    }
                }
            }
            now += step;
        }
        if fates.is_empty() {
            prop_assert_eq!(starts, count);
        }
    }
}
