//! A node's loop: when it runs, what it reads, and what waits while it stands still.

use super::{Flight, World};
use crate::agenda::Due;
use crate::checks::Rule;
use crate::options::{Drive, Read, Resume};
use crate::peer::Peer;

impl<P: Peer> World<P> {
    pub(super) fn tick_due(&mut self, index: usize, life: u32) {
        let node = &mut self.nodes[index];
        if !node.up || node.life != life {
            return;
        }
        let (interval, jitter) = (node.interval, self.options.jitter);
        if self.now < node.stalled_until {
            node.missed += 1;
        } else {
            self.loop_once(index);
        }
        let wait = self.rng.range(interval.saturating_sub(jitter).max(1), interval + jitter);
        self.agenda.plan(self.now + wait, Due::Tick(index as u32, life));
    }

    pub(super) fn timer_due(&mut self, index: usize, timer: u32) {
        let node = &mut self.nodes[index];
        if !node.up || node.timer != timer {
            return;
        }
        node.timer_at = u64::MAX;
        let timers_run = node.stall.is_some_and(|stall| stall.messages_only);
        if self.now < node.stalled_until && !timers_run {
            return;
        }
        // What it was planned for may be done already.
        let due = self.nodes[index].peer.due();
        if due.is_some_and(|due| due > self.clock(index)) {
            return self.plan_timer(index);
        }
        let node = &mut self.nodes[index];
        let again = if node.wakeups.0 == self.now { node.wakeups.1 + 1 } else { 0 };
        node.wakeups = (self.now, again);
        if again > self.options.limits.wakeups {
            // A core that asks for the same time for ever would stop the clock: look away for 1 ms.
            self.views.violations.note(Rule::WorkIsBounded, index, || "wakes for ever".into());
            return self.agenda.plan(self.now + 1000, Due::Timer(index as u32, timer));
        }
        if self.now < self.nodes[index].stalled_until {
            return self.work(index);
        }
        self.loop_once(index);
    }

    pub(super) fn resume_due(&mut self, index: usize, life: u32) {
        let node = &mut self.nodes[index];
        let Some(stall) = node.stall.filter(|_| node.up && node.life == life) else { return };
        if stall.messages_only {
            return self.unblock(index);
        }
        let missed = std::mem::take(&mut node.missed);
        let rounds = if stall.burst { missed.clamp(1, 1000) } else { 1 };
        if stall.resume == Resume::Read {
            self.read_all(index);
        }
        for _ in 0..rounds {
            self.work(index);
        }
        self.read_all(index);
    }

    /// What was to be sent goes out, and what waits is read.
    fn unblock(&mut self, index: usize) {
        for (sending, body) in std::mem::take(&mut self.nodes[index].held) {
            self.outputs.put_back(body);
            self.send_now(index, &sending);
        }
        let now = self.clock(index);
        self.nodes[index].peer.blocked(now, false);
        self.finish(index);
        let pause = self.nodes[index].stall.map_or(0, |stall| stall.period - stall.length);
        for _ in 0..pause / self.options.reading.max(1) {
            let Some(flight) = self.nodes[index].inbox.pop_front() else { break };
            self.take(index, flight);
        }
        self.work(index);
    }

    /// What a loop does once: reading and a round, in the node's order.
    pub(super) fn loop_once(&mut self, index: usize) {
        if self.nodes[index].read != Read::AfterTick {
            self.read_all(index);
        }
        self.work(index);
        self.read_all(index);
    }

    /// One round of a node that ticks, one wake-up of one with timers.
    fn work(&mut self, index: usize) {
        let now = self.clock(index);
        match self.options.drive {
            Drive::Timers => self.nodes[index].peer.timeout(now),
            Drive::Ticks | Drive::Manual => self.nodes[index].peer.round(now),
        }
        self.finish(index);
        self.check_list(index);
    }

    fn read_all(&mut self, index: usize) {
        // Only what waits now: answers that arrive meanwhile are for the next loop.
        for _ in 0..self.nodes[index].inbox.len() {
            let Some(flight) = self.nodes[index].inbox.pop_front() else { break };
            self.take(index, flight);
        }
    }

    pub(super) fn take(&mut self, index: usize, flight: u32) {
        self.counts.delivered += 1;
        self.trace.number(index as u64);
        let now = self.clock(index);
        let Flight { source, body, .. } = &self.flights[flight as usize];
        let taken = self.nodes[index].peer.handle(now, *source, body);
        self.free.push(flight);
        self.counts.refused += u64::from(!taken);
        self.finish(index);
    }

    pub(super) fn plan_timer(&mut self, index: usize) {
        let Some(due) = self.nodes[index].peer.due() else { return };
        let at = self.when(index, due).max(self.now);
        if at >= self.nodes[index].timer_at {
            // The timer that is planned comes first, and looks again.
            return;
        }
        let node = &mut self.nodes[index];
        node.timer = node.timer.wrapping_add(1);
        node.timer_at = at;
        let timer = node.timer;
        let late = self.rng.range(0, self.options.late);
        self.agenda.plan(at.saturating_add(late), Due::Timer(index as u32, timer));
    }
}
