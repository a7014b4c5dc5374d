//! The command line of the demo.

use std::path::PathBuf;

/// How to call it.
pub(super) const USAGE: &str = "\
usage: cargo xtask demo [--transport udp|tcp] [--interval-ms N] [--plain] [--node PROGRAM]
  --transport    what the nodes talk over (default udp)
  --interval-ms  time between two rounds of a node, 10 to 200 (default 100)
  --plain        print lines, do not draw a table in place
  --node         a built c_examples/udp_node to use; nothing is built then";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// `udp` or `tcp`.
    pub(super) transport: &'static str,
    /// Milliseconds between two rounds of a node.
    pub(super) interval_ms: u32,
    /// No table drawn in place.
    pub(super) plain: bool,
    /// A built node, to be used instead of building one.
    pub(super) node: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments after `demo`.
    ///
    /// # Errors
    /// What is not understood, and how to call it.
    pub(super) fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self { transport: "udp", interval_ms: 100, plain: false, node: None };
        let mut args = args.iter();
        while let Some(name) = args.next() {
            if name == "--plain" {
                options.plain = true;
                continue;
            }
            let value = args.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
            match (name.as_str(), value.as_str()) {
                ("--transport", "udp") => options.transport = "udp",
                ("--transport", "tcp") => options.transport = "tcp",
                ("--node", path) => options.node = Some(PathBuf::from(path)),
                ("--interval-ms", text) => match text.parse() {
                    Ok(ms @ 10..=200) => options.interval_ms = ms,
                    _ => return Err(format!("--interval-ms {text}: give 10 to 200\n{USAGE}")),
                },
                _ => return Err(format!("{name} {value} is not understood\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use std::path::PathBuf;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn reads_the_command_line() {
        let options = parse("--transport tcp --interval-ms 20 --plain --node /n");
        assert_eq!(
            options,
            Ok(Options {
                transport: "tcp",
                interval_ms: 20,
                plain: true,
                node: Some(PathBuf::from("/n"))
            })
        );
        for bad in
            ["--transport x", "--interval-ms 0", "--interval-ms", "--interval-ms 999", "-x 1"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
