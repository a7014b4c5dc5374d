//! What a node tells the program that measures: one line each on its standard output, which all nodes
//! of a cluster share. A line is written by one call and is shorter than what a pipe takes whole.

use nix::time::{ClockId, clock_gettime};
use std::io::Write;
use std::time::Duration;

/// The monotonic clock, which all processes of a machine have in common.
pub fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

/// What is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// The process is there and waits to be let go.
    Waiting,
    /// It can be joined.
    Ready,
    /// It counts this node as a live member.
    Up(u32),
    /// It does not any more.
    Down(u32),
    /// It cannot go on.
    Failed(String),
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// The node that tells.
    pub who: u32,
    /// When it happened, by its clock, see [`now`].
    pub at: Duration,
    /// What happened.
    pub said: Said,
}

impl Word {
    /// The line, with its end.
    pub fn line(&self) -> String {
        let said = match &self.said {
            Said::Waiting => "waiting".into(),
            Said::Ready => "ready".into(),
            Said::Up(node) => format!("up {node}"),
            Said::Down(node) => format!("down {node}"),
            Said::Failed(why) => format!("failed {}", why.replace('\n', " ")),
        };
        format!("{} {} {said}\n", self.who, self.at.as_nanos())
    }

    /// Reads a line without its end; `None` if it is none of ours.
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(4, ' ');
        let who = parts.next()?.parse().ok()?;
        let at = Duration::from_nanos(parts.next()?.parse().ok()?);
        let (verb, rest) = (parts.next()?, parts.next());
        let said = match verb {
            "waiting" => Said::Waiting,
            "ready" => Said::Ready,
            "up" => Said::Up(rest?.parse().ok()?),
            "down" => Said::Down(rest?.parse().ok()?),
            "failed" => Said::Failed(rest.unwrap_or_default().into()),
            _ => return None,
        };
        Some(Self { who, at, said })
    }
}

/// The voice of a node.
#[derive(Clone, Copy)]
pub struct Teller {
    /// Its number.
    pub who: u32,
}

impl Teller {
    /// Tells something now. Where nobody listens any more the process has no purpose and ends.
    pub fn tell(self, said: Said) {
        let line = Word { who: self.who, at: now(), said }.line();
        let mut out = std::io::stdout().lock();
        if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
            std::process::exit(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_back() {
        for said in [
            Said::Waiting,
            Said::Ready,
            Said::Up(7),
            Said::Down(70),
            Said::Failed("no port".into()),
        ] {
            let word = Word { who: 3, at: Duration::from_nanos(12_345_678_901), said };
            let line = word.line();
            assert_eq!(Word::parse(line.strip_suffix('\n').expect("an end")), Some(word));
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in
            ["", "3", "3 4", "3 4 up", "3 4 up x", "x 4 ready", "3 4 sideways", "3 -4 ready"]
        {
            assert_eq!(Word::parse(line), None, "{line}");
        }
    }
}
