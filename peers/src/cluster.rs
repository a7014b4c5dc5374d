//! The nodes of one cluster, each a process, and what they tell.

use crate::library::Library;
use crate::views::Views;
use crate::word::{Said, Word, now};
use nix::sys::signal::{Signal, kill};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;
use rand::seq::IteratorRandom;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, pipe};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Until then a cluster has formed.
const START_PATIENCE: Duration = Duration::from_secs(180);
/// Until then a crash is known, or a newcomer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the processes are looked at while nothing is told.
const LOOK: Duration = Duration::from_millis(500);

/// When a crash was known.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// To the first of the others.
    pub first: Duration,
    /// To all of them.
    pub all: Duration,
}

/// A running cluster. Dropped, it ends all its processes.
pub struct Cluster {
    library: Library,
    nodes: BTreeMap<u32, Child>,
    views: Views,
    words: Receiver<Word>,
    /// The end of the pipe that new nodes are given.
    voice: PipeWriter,
    next: u32,
    last: Duration,
    false_views: usize,
    ready: usize,
    waiting: usize,
}

impl Cluster {
    /// Starts so many nodes, all at once but the first, which the others join, and waits until all
    /// know all. Also how long that took, from the moment when the processes were there.
    ///
    /// # Errors
    /// When processes cannot be started, a node fails, or the patience ends.
    pub fn start(library: Library, nodes: usize) -> Result<(Self, Duration), String> {
        let (ears, voice) = pipe().map_err(|error| error.to_string())?;
        let mut cluster = Self {
            library,
            nodes: BTreeMap::new(),
            views: Views::default(),
            words: listen(ears),
            voice,
            next: 0,
            last: Duration::ZERO,
            false_views: 0,
            ready: 0,
            waiting: 0,
        };
        cluster.spawn(Stdio::null())?;
        cluster.wait("the first node is ready", START_PATIENCE, |cluster| cluster.ready == 1)?;
        let (gate, opener) = pipe().map_err(|error| error.to_string())?;
        for _ in 1..nodes {
            cluster.spawn(gate.try_clone().map_err(|error| error.to_string())?.into())?;
        }
        cluster.wait("all processes are there", START_PATIENCE, |it| it.waiting == nodes)?;
        let began = now();
        drop(opener);
        cluster.wait("all know all", START_PATIENCE, |cluster| cluster.views.is_whole())?;
        let took = cluster.last.saturating_sub(began);
        cluster.false_views = 0;
        Ok((cluster, took))
    }

    /// The number of nodes that run.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// How often a live node was given up since the start.
    pub fn false_views(&self) -> usize {
        self.false_views
    }

    /// The time of a processor that all nodes took since their start, with the kernel's part.
    ///
    /// # Errors
    /// When one is gone.
    pub fn processor_time(&self) -> Result<Duration, String> {
        let mut sum = Duration::ZERO;
        for child in self.nodes.values() {
            let clock = clock_getcpuclockid(pid(child)).map_err(|error| error.to_string())?;
            sum += Duration::from(clock.now().map_err(|error| error.to_string())?);
        }
        Ok(sum)
    }

    /// Lets it run for so long.
    ///
    /// # Errors
    /// When a node fails.
    pub fn idle(&mut self, time: Duration) -> Result<(), String> {
        let until = now() + time;
        while let Some(left) = until.checked_sub(now()) {
            self.hear(left.min(LOOK))?;
        }
        Ok(())
    }

    /// Gives a signal to a node at random, but not to the one that others join, waits until no other
    /// counts it as a member, and ends it. Stopped, it is silent and its ports stay open.
    ///
    /// # Errors
    /// When the patience ends, or another node fails.
    pub fn crash(&mut self, signal: Signal) -> Result<Known, String> {
        let victim = self.views.live().filter(|&node| node != 0).choose(&mut rand::rng());
        let victim = victim.ok_or("there is no node to crash")?;
        let mut child = self.nodes.remove(&victim).ok_or("the node is no process")?;
        let began = now();
        let stopped = kill(pid(&child), signal).map_err(|error| error.to_string());
        self.views.stop(victim);
        let all = self.views.live().count();
        let mut first = None;
        let known = stopped.and_then(|()| {
            self.wait("the crash is known to all", PATIENCE, |cluster| {
                let holders = cluster.views.holders(victim);
                if holders < all {
                    first.get_or_insert(cluster.last);
                }
                holders == 0
            })
        });
        end(&mut child);
        known?;
        let first = first.unwrap_or(self.last).saturating_sub(began);
        Ok(Known { first, all: self.last.saturating_sub(began) })
    }

    /// Starts new nodes until there are so many, and waits until all know all.
    ///
    /// # Errors
    /// When one cannot be started, or the patience ends.
    pub fn refill(&mut self, nodes: usize) -> Result<(), String> {
        while self.size() < nodes {
            self.spawn(Stdio::null())?;
        }
        self.wait("all know the newcomers", PATIENCE, |cluster| cluster.views.is_whole())
    }

    fn spawn(&mut self, gate: Stdio) -> Result<(), String> {
        let number = self.next;
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let voice = self.voice.try_clone().map_err(|error| error.to_string())?;
        let child = Command::new(own)
            .args(["node", self.library.name(), &number.to_string()])
            .arg(std::process::id().to_string())
            .stdin(gate)
            .stdout(voice)
            .spawn()
            .map_err(|error| format!("no process for a node: {error}"))?;
        self.nodes.insert(number, child);
        self.views.start(number);
        self.next += 1;
        Ok(())
    }

    /// Hears what is told until something holds.
    fn wait(
        &mut self,
        what: &str,
        patience: Duration,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Result<(), String> {
        let until = now() + patience;
        while !holds(self) {
            let Some(left) = until.checked_sub(now()) else {
                let missing = self.views.missing();
                return Err(format!(
                    "not within {} s: {what} ({missing} views are missing)",
                    patience.as_secs()
                ));
            };
            self.hear(left.min(LOOK))?;
        }
        Ok(())
    }

    /// Takes the next word, if there is one soon.
    fn hear(&mut self, patience: Duration) -> Result<(), String> {
        match self.words.recv_timeout(patience) {
            Ok(word) => self.take(word),
            Err(RecvTimeoutError::Timeout) => self.look(),
            Err(RecvTimeoutError::Disconnected) => Err("the nodes cannot be heard".into()),
        }
    }

    fn take(&mut self, word: Word) -> Result<(), String> {
        let Word { who, at, said } = word;
        self.last = self.last.max(at);
        match said {
            Said::Waiting => self.waiting += 1,
            Said::Ready => self.ready += 1,
            Said::Up(node) => _ = self.views.change(who, node, true),
            Said::Down(node) if self.views.change(who, node, false) => self.false_views += 1,
            Said::Down(_) => {}
            Said::Failed(why) => return Err(format!("node {who}: {why}")),
        }
        Ok(())
    }

    /// Whether all processes are there.
    fn look(&mut self) -> Result<(), String> {
        for (number, child) in &mut self.nodes {
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("node {number} ended by itself: {status}"));
            }
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.nodes.values_mut() {
            // One that is gone is what is wanted.
            let _ = child.kill();
        }
        self.nodes.values_mut().for_each(end);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Reads the lines of all nodes on a thread that ends with the last of them.
fn listen(ears: PipeReader) -> Receiver<Word> {
    let (to, from) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(ears).lines().map_while(Result::ok) {
            let Some(word) = Word::parse(&line) else {
                eprintln!("a node said: {line}");
                continue;
            };
            if to.send(word).is_err() {
                break;
            }
        }
    });
    from
}
