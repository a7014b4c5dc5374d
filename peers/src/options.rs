//! What the program is asked for.

use crate::library::Library;
use std::path::PathBuf;
use std::time::Duration;

/// How it is used.
pub const USAGE: &str = "\
usage: gossip-peers [--short] [--nodes <n,n,..>] [--settle <s>] [--seconds <s>] [--crashes <n>]
                    [--killed] [--apart] [--out <folder>] [library ..]

  --short     10 nodes, one crash, a moment of steady state: to see that it runs
  --nodes     sizes of the clusters, 2 to 1000; 10,50,100
  --settle    seconds between the start of all and the steady state; 20
  --seconds   how long the steady state is measured; 30
  --crashes   crashes of each cluster, one after the other; 10, and 5 from 100 nodes on
  --killed    a crash ends the process, so that its ports answer that nobody is there; otherwise it
              is stopped, as silent as a host that lost its power
  --apart     one library after the other, not side by side: for a machine with other work
  --out       where the table goes as CSV and Markdown and all figures as JSON; peers-results
  library     lan, quiet, memberlist, chitchat; all of them";

/// The command line.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// The libraries.
    pub libraries: Vec<Library>,
    /// The sizes of their clusters.
    pub sizes: Vec<usize>,
    /// Between start and steady state, and after newcomers.
    pub settle: Duration,
    /// How long the steady state is measured.
    pub measure: Duration,
    /// Where the results go.
    pub out: PathBuf,
    /// Whether a crash ends the process instead of stopping it.
    pub killed: bool,
    /// One library after the other.
    pub apart: bool,
    crashes: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            libraries: Library::ALL.to_vec(),
            sizes: vec![10, 50, 100],
            settle: Duration::from_secs(20),
            // memberlist and our nodes compare whole lists each 10 to 30 s.
            measure: Duration::from_secs(30),
            out: "peers-results".into(),
            killed: false,
            apart: false,
            crashes: None,
        }
    }
}

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut libraries = Vec::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or(format!("{argument} lacks its value\n{USAGE}"));
            match argument.as_str() {
                "--short" => options.shorten(),
                "--killed" => options.killed = true,
                "--apart" => options.apart = true,
                "--nodes" => options.sizes = sizes(value()?)?,
                "--settle" => options.settle = Duration::from_secs(number(value()?, 0..=3_600)?),
                "--seconds" => options.measure = Duration::from_secs(number(value()?, 1..=3_600)?),
                "--crashes" => options.crashes = Some(number(value()?, 0..=10_000)? as usize),
                "--out" => options.out = value()?.into(),
                name => libraries.push(
                    Library::named(name)
                        .ok_or(format!("`{name}` is neither an option nor a library\n{USAGE}"))?,
                ),
            }
        }
        if !libraries.is_empty() {
            options.libraries =
                Library::ALL.into_iter().filter(|library| libraries.contains(library)).collect();
        }
        Ok(options)
    }

    /// How many crashes a cluster of that size sees.
    pub fn crashes(&self, nodes: usize) -> usize {
        self.crashes.unwrap_or(if nodes < 100 { 10 } else { 5 })
    }

    fn shorten(&mut self) {
        self.sizes = vec![10];
        self.settle = Duration::from_secs(3);
        self.measure = Duration::from_secs(10);
        self.crashes = Some(1);
    }
}

fn sizes(text: &str) -> Result<Vec<usize>, String> {
    text.split(',').map(|size| Ok(number(size, 2..=1_000)? as usize)).collect()
}

fn number(text: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or(format!("`{text}` is no number from {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        let arguments: Vec<String> = text.split_whitespace().map(String::from).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn takes_what_is_asked() {
        let options = parse("chitchat --nodes 3,40 --crashes 2 lan --seconds 7").expect("good");
        assert_eq!(options.libraries, [Library::Lan, Library::Chitchat]);
        assert_eq!(options.sizes, [3, 40]);
        assert_eq!((options.crashes(3), options.crashes(400)), (2, 2));
        assert_eq!(options.measure, Duration::from_secs(7));
    }

    #[test]
    fn takes_all_by_default() {
        let options = parse("").expect("good");
        assert_eq!(options.libraries.len(), 4);
        assert_eq!((options.crashes(10), options.crashes(50), options.crashes(100)), (10, 10, 5));
        assert_eq!(parse("--short").expect("good").sizes, [10]);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for text in ["--nodes", "--nodes 1", "--nodes 5,,6", "serf", "--crashes x", "--seconds 0"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
