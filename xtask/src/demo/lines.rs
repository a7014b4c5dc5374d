//! What a node of the demo prints, one line at a time (`c_examples/udp_node.c` documents the form).

/// A node's status in another node's eyes, in the words of `gossip_status_string`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Known by its address only, or not yet heard from.
    Joining,
    /// Alive.
    Online,
    /// It did not answer; it may still prove that it lives.
    Suspect,
    /// Gone: failed, or left (the callbacks of the ABI do not tell these two apart).
    Failed,
}

impl Status {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "unknown" | "joining" => Some(Self::Joining),
            "online" => Some(Self::Online),
            "suspect" => Some(Self::Suspect),
            "failed" | "left" => Some(Self::Failed),
            _ => None,
        }
    }

    /// The word for the table. What a reader must not overlook is in capitals, colours or not.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Online => "online",
            Self::Suspect => "suspect",
            Self::Failed => "FAILED",
        }
    }
}

/// One line of a node's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The node listens there.
    Listening {
        /// Its address, `host:port`.
        at: String,
        /// The version of the library that it runs with.
        version: String,
    },
    /// The node was told that another's status is now this one.
    Event {
        /// The id of the other.
        about: u128,
        /// Its new status.
        to: Status,
    },
    /// All nodes that it knows.
    State {
        /// Their ids and their statuses.
        sees: Vec<(u128, Status)>,
    },
    /// The node has left and is about to end.
    Left,
    /// Anything else, such as an error text.
    Other(String),
}

impl Line {
    /// Reads one line; what it does not know becomes [`Line::Other`].
    pub(super) fn parse(line: &str) -> Self {
        let line = line.trim_end();
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let parsed = match kind {
            "listening" => listening(rest),
            "event" => event(rest),
            "state" => Some(Self::State { sees: rest.split(' ').filter_map(sighting).collect() }),
            "left" => Some(Self::Left),
            _ => None,
        };
        parsed.unwrap_or_else(|| Self::Other(line.to_owned()))
    }
}

/// The value of `key=value` in a line of such pairs.
fn field<'a>(pairs: &'a str, key: &str) -> Option<&'a str> {
    pairs.split(' ').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

fn listening(rest: &str) -> Option<Line> {
    let at = field(rest, "at")?.to_owned();
    Some(Line::Listening { at, version: field(rest, "version")?.to_owned() })
}

fn event(rest: &str) -> Option<Line> {
    let about = u128::from_str_radix(field(rest, "id")?, 16).ok()?;
    Some(Line::Event { about, to: Status::parse(field(rest, "to")?)? })
}

/// `id@address=status`; the line's other pairs are no sightings and give `None`.
fn sighting(pair: &str) -> Option<(u128, Status)> {
    let (id, rest) = pair.split_once('@')?;
    let (_, status) = rest.rsplit_once('=')?;
    Some((u128::from_str_radix(id, 16).ok()?, Status::parse(status)?))
}

#[cfg(test)]
mod tests {
    use super::{Line, Status};

    #[test]
    fn reads_each_kind_of_line() {
        assert_eq!(
            Line::parse("listening at=127.0.0.1:4711 version=1.5.0\n"),
            Line::Listening { at: "127.0.0.1:4711".into(), version: "1.5.0".into() }
        );
        assert_eq!(
            Line::parse("event ms=3 id=00ff at=[::1]:1 role= region= from=online to=suspect"),
            Line::Event { about: 255, to: Status::Suspect }
        );
        assert_eq!(
            Line::parse(
                "state ms=9 id=01 at=a:1 heartbeat=7 members=2 02@b:2=online 03@[::1]:3=failed"
            ),
            Line::State { sees: vec![(2, Status::Online), (3, Status::Failed)] }
        );
        assert_eq!(Line::parse("left ms=12"), Line::Left);
    }

    #[test]
    fn keeps_what_it_does_not_know() {
        for text in ["", "cannot listen", "event ms=1 id=xyz to=online", "event id=1 to=dancing"] {
            assert_eq!(Line::parse(text), Line::Other(text.into()));
        }
        assert_eq!(Line::parse("state ms=1 zz@b:2=online"), Line::State { sees: vec![] });
    }
}
