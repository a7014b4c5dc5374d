//! Who sees whom: what the nodes' lines add up to. No clock and no process is touched here.

use super::lines::{Line, Status};
use std::time::{Duration, Instant};

/// How many nodes the demo runs. Node `i` has the id `i + 1` and the name `n<i + 1>`.
pub(super) const NODES: usize = 5;

/// What the demo did with a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It runs, or is about to.
    Running,
    /// It was killed.
    Killed,
    /// It was asked to leave.
    Left,
}

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What became of its process.
    pub(super) life: Life,
    /// Its address, once it has told it.
    pub(super) at: Option<String>,
    /// The others as it sees them.
    pub(super) sees: [Option<Status>; NODES],
    /// All others have seen it online since it was started, so that none may call it failed now.
    settled: bool,
}

/// A change in what one node sees.
#[derive(Clone, Copy, Debug)]
struct Sighting {
    at: Instant,
    observer: usize,
    subject: usize,
    status: Status,
}

/// All nodes, and the history of what they saw.
#[derive(Debug)]
pub(super) struct View {
    /// The nodes, by their number.
    pub(super) nodes: [Node; NODES],
    /// The library's version as the nodes tell it.
    pub(super) version: String,
    sightings: Vec<Sighting>,
    false_alarms: Vec<String>,
}

/// The name of a node in everything the demo prints.
pub(super) fn name(node: usize) -> String {
    format!("n{}", node + 1)
}

impl View {
    /// Five nodes that have said nothing yet.
    pub(super) fn new() -> Self {
        let node = Node { life: Life::Running, at: None, sees: [None; NODES], settled: false };
        Self {
            nodes: std::array::from_fn(|_| node.clone()),
            version: String::new(),
            sightings: Vec::new(),
            false_alarms: Vec::new(),
        }
    }

    /// Takes in what node `observer` printed.
    pub(super) fn apply(&mut self, at: Instant, observer: usize, line: &Line) {
        match line {
            Line::Listening { at, version } => {
                self.nodes[observer].at = Some(at.clone());
                self.version.clone_from(version);
            }
            Line::Event { about, to } => self.see(at, observer, *about, *to),
            Line::State { sees } => {
                for (about, status) in sees {
                    self.see(at, observer, *about, *status);
                }
            }
            Line::Left | Line::Other(_) => {}
        }
    }

    fn see(&mut self, at: Instant, observer: usize, about: u128, status: Status) {
        let Some(subject) = (0..NODES).find(|&i| i as u128 + 1 == about) else { return };
        if self.nodes[observer].sees[subject] == Some(status) {
            return;
        }
        self.nodes[observer].sees[subject] = Some(status);
        self.sightings.push(Sighting { at, observer, subject, status });
        let wrongly = status == Status::Failed
            && self.is_running(observer)
            && self.is_running(subject)
            && self.nodes[subject].settled;
        if wrongly {
            self.false_alarms.push(format!(
                "{} called {} failed, though it was running",
                name(observer),
                name(subject)
            ));
        }
    }

    fn is_running(&self, node: usize) -> bool {
        self.nodes[node].life == Life::Running
    }

    /// The running nodes except one.
    pub(super) fn observers_of(&self, subject: usize) -> Vec<usize> {
        (0..NODES).filter(|&i| i != subject && self.is_running(i)).collect()
    }

    /// Whether every running node sees every other one online.
    pub(super) fn all_see_all(&self) -> bool {
        (0..NODES).filter(|&i| self.is_running(i)).all(|i| {
            let sees = &self.nodes[i].sees;
            self.observers_of(i).iter().all(|&other| sees[other] == Some(Status::Online))
        })
    }

    /// From now on it is a false alarm when a running node is called failed.
    pub(super) fn settle(&mut self) {
        for node in &mut self.nodes {
            node.settled = node.life == Life::Running;
        }
    }

    /// The process was killed or told to leave.
    pub(super) fn ended(&mut self, node: usize, life: Life) {
        self.nodes[node].life = life;
        self.nodes[node].settled = false;
        self.nodes[node].sees = [None; NODES];
    }

    /// The process was started again and knows nobody.
    pub(super) fn restarted(&mut self, node: usize) {
        self.ended(node, Life::Running);
    }

    /// How long after `since` a node first saw another in that status.
    pub(super) fn delay(
        &self,
        since: Instant,
        observer: usize,
        subject: usize,
        status: Status,
    ) -> Option<Duration> {
        let wanted = |s: &&Sighting| {
            s.observer == observer && s.subject == subject && s.status == status && s.at >= since
        };
        self.sightings.iter().find(wanted).map(|s| s.at - since)
    }

    /// Whether all running nodes have seen it in that status since then.
    pub(super) fn all_saw(&self, since: Instant, subject: usize, status: Status) -> bool {
        let saw = |&o: &usize| self.delay(since, o, subject, status).is_some();
        self.observers_of(subject).iter().all(saw)
    }

    /// Each case in which a running node was called failed.
    pub(super) fn false_alarms(&self) -> &[String] {
        &self.false_alarms
    }
}

#[cfg(test)]
mod tests {
    use super::{Life, NODES, View};
    use crate::demo::lines::{Line, Status};
    use std::time::{Duration, Instant};

    fn formed(at: Instant) -> View {
        let mut view = View::new();
        for observer in 0..NODES {
            let others = (0..NODES).filter(|&i| i != observer);
            let sees = others.map(|i| (i as u128 + 1, Status::Online)).collect();
            view.apply(at, observer, &Line::State { sees });
        }
        view.settle();
        view
    }

    #[test]
    fn a_cluster_has_formed_only_when_the_last_node_sees_all() {
        let at = Instant::now();
        let mut view = formed(at);
        assert!(view.all_see_all());
        view.apply(at, 2, &Line::Event { about: 5, to: Status::Suspect });
        assert!(!view.all_see_all());
        view.ended(4, Life::Killed);
        assert!(view.all_see_all(), "what is seen of a killed node does not count");
        assert!(!View::new().all_see_all());
    }

    #[test]
    fn tells_when_each_survivor_saw_a_failure() {
        let start = Instant::now();
        let mut view = formed(start);
        view.ended(3, Life::Killed);
        let later = start + Duration::from_millis(700);
        for observer in [0, 1, 2] {
            view.apply(later, observer, &Line::Event { about: 4, to: Status::Failed });
        }
        assert!(!view.all_saw(start, 3, Status::Failed), "n5 has not seen it");
        view.apply(later, 4, &Line::Event { about: 4, to: Status::Failed });
        assert!(view.all_saw(start, 3, Status::Failed));
        let delay = view.delay(start, 4, 3, Status::Failed);
        assert_eq!(delay, Some(Duration::from_millis(700)));
        assert_eq!(view.delay(start, 4, 2, Status::Failed), None);
        assert!(view.false_alarms().is_empty());
    }

    #[test]
    fn a_running_node_called_failed_is_a_false_alarm() {
        let at = Instant::now();
        let mut view = formed(at);
        view.ended(3, Life::Killed);
        view.restarted(3);
        view.apply(at, 0, &Line::Event { about: 4, to: Status::Failed });
        assert!(view.false_alarms().is_empty(), "it has just been started again");
        view.apply(at, 0, &Line::Event { about: 2, to: Status::Failed });
        view.apply(at, 0, &Line::State { sees: vec![(2, Status::Failed)] });
        assert_eq!(view.false_alarms(), ["n1 called n2 failed, though it was running"]);
    }

    #[test]
    fn ids_that_are_no_node_of_the_demo_are_passed_over() {
        let at = Instant::now();
        let mut view = View::new();
        for about in [0, NODES as u128 + 1, u128::MAX] {
            view.apply(at, 0, &Line::Event { about, to: Status::Online });
        }
        assert_eq!(view.nodes[0].sees, [None; NODES]);
    }
}
