//! What the tests of nodes share.
#![allow(unreachable_pub, reason = "the modules of this program share it")]

use gossip::net::{Change, Handler, Node, NodeConfig};
use gossip::types::{NodeId, NodeStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Until then everything has happened, on a busy machine too.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A node on loopback that was started.
pub fn start(adjust: impl FnOnce(&mut NodeConfig)) -> Node {
    start_with(None, adjust)
}

/// The same, with callbacks.
pub fn start_with(handler: Option<Arc<dyn Handler>>, adjust: impl FnOnce(&mut NodeConfig)) -> Node {
    let node = make(handler, adjust);
    node.start().expect("a free port");
    node
}

/// A node on loopback that was not started.
pub fn make(handler: Option<Arc<dyn Handler>>, adjust: impl FnOnce(&mut NodeConfig)) -> Node {
    let mut config = NodeConfig::default();
    config.bind_host = "127.0.0.1".into();
    adjust(&mut config);
    Node::new(config, handler).expect("a good configuration")
}

pub fn id(number: u8) -> NodeId {
    NodeId::new([number; 16])
}

/// Where a node on loopback is joined.
pub fn address(node: &Node) -> String {
    format!("127.0.0.1:{}", node.port())
}

/// Joins a node to another, and sees it answer.
pub fn join(node: &Node, seed: &Node) {
    let joined = node.join(&[&address(seed)], DEADLINE).expect("an answer");
    assert_eq!(joined.answered, 1);
}

/// So many nodes that all see all.
pub fn cluster(count: usize, adjust: impl Fn(&mut NodeConfig)) -> Vec<Node> {
    let nodes: Vec<Node> = (0..count).map(|_| start(&adjust)).collect();
    nodes[1..].iter().for_each(|node| join(node, &nodes[0]));
    wait_for("all see all", || is_whole(&nodes));
    nodes
}

/// Whether each of them lists all others online, and nobody else.
pub fn is_whole(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| {
        let members = node.members().expect("a node of this process");
        members.len() + 1 == nodes.len()
            && members.iter().all(|member| member.status == NodeStatus::Online)
    })
}

/// What a node holds of another; unknown if it does not list it.
pub fn status(node: &Node, of: NodeId) -> NodeStatus {
    let found = node.find(&of).expect("a node of this process");
    found.map_or(NodeStatus::Unknown, |found| found.status)
}

/// Waits until `condition` holds, and gives the time that took.
#[track_caller]
pub fn wait_for(what: &str, condition: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "not within the deadline: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    start.elapsed()
}

/// Keeps what it is told, and does what it is given to do with each change.
#[derive(Default)]
pub struct Recorder {
    told: Mutex<Vec<Change>>,
    batches: Mutex<Vec<usize>>,
    came: Condvar,
    act: Mutex<Option<Act>>,
}

type Act = Box<dyn FnMut(&Change) + Send>;

impl Recorder {
    pub fn acting(act: impl FnMut(&Change) + Send + 'static) -> Arc<Self> {
        Arc::new(Self { act: Mutex::new(Some(Box::new(act))), ..Self::default() })
    }

    pub fn told(&self) -> Vec<Change> {
        self.told.lock().unwrap().clone()
    }

    pub fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }

    /// The changes of one node's status, each as old and new one.
    pub fn steps(&self, of: NodeId) -> Vec<(NodeStatus, NodeStatus)> {
        let told = self.told.lock().unwrap();
        let of_node = told.iter().filter(|change| change.node.id == of);
        of_node.map(|change| (change.old_status, change.node.status)).collect()
    }

    /// Waits until something it was told fits.
    #[track_caller]
    pub fn wait(&self, what: &str, fits: impl Fn(&Change) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut told = self.told.lock().unwrap();
        while !told.iter().any(&fits) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not within the deadline: {what}");
            told = self.came.wait_timeout(told, left).unwrap().0;
        }
    }
}

impl Handler for Recorder {
    fn changed(&self, change: &Change) {
        self.told.lock().unwrap().push(change.clone());
        self.came.notify_all();
        if let Some(act) = &mut *self.act.lock().unwrap() {
            act(change);
        }
    }

    fn changes(&self, changes: &[Change]) {
        self.batches.lock().unwrap().push(changes.len());
    }
}
