//! What hosts answered, taken in.

use kgl_cli::{Failure, duration};

use super::{Event, Lead};
use crate::shards::Taken;
use crate::there::{Answer, Orders};

impl Lead<'_> {
    /// Takes in what the thread of a host reports.
    ///
    /// # Errors
    /// The disk here (exit 3).
    pub(super) fn apply(&mut self, event: Event) -> Result<(), Failure> {
        let now = self.now();
        let (h, trouble) = match event {
            Event::Prepared(h, Ok((kind, answer))) => {
                self.hosts[h].kind = Some(kind);
                self.hosts[h].busy = false;
                self.io.note(format_args!("{}: ready", self.led.name(h)));
                return self.take(h, &Orders::default(), &answer, now);
            }
            Event::Answered(h, orders, Ok(answer)) => {
                self.hosts[h].busy = false;
                return self.take(h, &orders, &answer, now);
            }
            Event::Prepared(h, Err(trouble)) | Event::Answered(h, _, Err(trouble)) => (h, trouble),
        };
        self.hosts[h].busy = false;
        if !trouble.unprepared {
            self.led.ways.close(h);
        }
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
                    self.hosts[h].whole.insert(*index);
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
                Taken::Same => {
                    self.hosts[h].whole.insert(*index);
                }
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
        self.hosts[h].note_useless(&self.led, &answer.runs, &self.shards.done());
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
}
