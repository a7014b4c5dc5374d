//! The node processes: starting, killing and hearing them. None of them outlives the demo.
//!
//! Each node holds the reading end of a pipe as its standard input and leaves when that ends
//! (`--leave-on-eof`). The system closes the writing end when this process is gone, however it
//! went, so Ctrl-C, a panic and SIGKILL need no handler here.

use super::lines::Line;
use super::view::NODES;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// How many lines may wait to be read. A node that prints faster waits, it does not fill memory.
const QUEUE: usize = 4096;

/// A node said something or ended.
#[derive(Debug)]
pub(super) struct News {
    /// When it was read.
    pub(super) at: Instant,
    /// Which node.
    pub(super) node: usize,
    /// `None`: its standard output has ended.
    pub(super) line: Option<Line>,
    start: u32,
}

/// One process and how often this node was started before.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    start: u32,
}

/// How nodes are started.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// The node's program.
    pub(super) program: PathBuf,
    /// `udp` or `tcp`.
    pub(super) transport: &'static str,
    /// Milliseconds between rounds.
    pub(super) interval_ms: u32,
}

/// The five processes.
pub(super) struct Cluster {
    launch: Launch,
    processes: [Option<Process>; NODES],
    starts: u32,
    sender: SyncSender<News>,
    receiver: Receiver<News>,
}

impl Cluster {
    /// No process runs yet.
    pub(super) fn new(launch: Launch) -> Self {
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        Self { launch, processes: std::array::from_fn(|_| None), starts: 0, sender, receiver }
    }

    /// Starts a node that listens at `bind` and joins the cluster at `seed`, if there is one.
    pub(super) fn start(
        &mut self,
        node: usize,
        bind: &str,
        seed: Option<&str>,
    ) -> Result<(), String> {
        let program = &self.launch.program;
        let mut command = Command::new(program);
        command
            .args(["--id", &format!("{:x}", node + 1), "--bind", bind, "--role", "demo"])
            .args(["--transport", self.launch.transport, "--report-ms", "100", "--leave-on-eof"])
            .args(["--interval-ms", &self.launch.interval_ms.to_string()])
            .args(seed.iter().flat_map(|seed| ["--join", seed]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        self.starts += 1;
        let start = self.starts;
        if let Some(errors) = child.stderr.take() {
            listen(errors, self.sender.clone(), node, start, false);
        }
        if let Some(output) = child.stdout.take() {
            listen(output, self.sender.clone(), node, start, true);
        }
        let input = child.stdin.take();
        self.processes[node] = Some(Process { child, input, start });
        Ok(())
    }

    /// Ends a node with SIGKILL: it can tell nobody.
    pub(super) fn kill(&mut self, node: usize) -> Result<(), String> {
        let Some(mut process) = self.processes[node].take() else { return Ok(()) };
        process.child.kill().map_err(|error| format!("cannot kill a node: {error}"))?;
        process.child.wait().map_err(|error| format!("cannot wait for a node: {error}"))?;
        Ok(())
    }

    /// Asks a node to leave gracefully, by ending its standard input.
    pub(super) fn ask_to_leave(&mut self, node: usize) {
        if let Some(process) = &mut self.processes[node] {
            process.input = None;
        }
    }

    /// How the node's process ended; `None` while it runs.
    pub(super) fn exit_status(&mut self, node: usize) -> Option<ExitStatus> {
        self.processes[node].as_mut()?.child.try_wait().ok().flatten()
    }

    /// The next news of a process that still counts, or `None` when there was none in that time.
    pub(super) fn news(&self, patience: Duration) -> Option<News> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let news = match self.receiver.recv_timeout(left) {
                Ok(news) => news,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            };
            // A killed process's last lines may come after its successor has started.
            if self.processes[news.node].as_ref().is_some_and(|p| p.start == news.start) {
                return Some(news);
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().flatten() {
            // An error means that it has ended by itself.
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

/// Reads one stream of a node on a thread of its own, until it ends.
fn listen(
    stream: impl Read + Send + 'static,
    sender: SyncSender<News>,
    node: usize,
    start: u32,
    is_output: bool,
) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let line = if is_output { Line::parse(&line) } else { Line::Other(line) };
            let news = News { at: Instant::now(), node, line: Some(line), start };
            if sender.send(news).is_err() {
                return;
            }
        }
        if is_output {
            // The demo may be over by now, which is no error.
            let _ = sender.send(News { at: Instant::now(), node, line: None, start });
        }
    });
}
