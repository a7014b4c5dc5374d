//! Why a node refused a command, and why a target of a join did not answer.

use crate::net;
use crate::proto::{CommandError, ConfigError};
use core::fmt;
use std::io;

/// Why a node did not do what it was asked to. Nothing was changed, save where it is said.
#[derive(Debug)]
#[non_exhaustive]
pub enum NodeError {
    /// A text of the configuration is no numeric address, or one that nobody can send to: the name
    /// of the field, and the text.
    Host(&'static str, String),
    /// A text of the configuration is too long: the name of the field, its length in bytes, and the
    /// most that it may have.
    Text(&'static str, usize, usize),
    /// A constant of the protocol is out of its range.
    Config(ConfigError),
    /// The serializer is one of the program's own: it would be called under a lock.
    Serializer,
    /// The system has no random number for an id or a seed.
    Entropy,
    /// It is started already.
    AlreadyStarted,
    /// It is not started, or stopped.
    NotStarted,
    /// A callback of the node's program did not return in time, or this is that callback.
    InCallback,
    /// This process is a forked child of the one that made the node.
    Forked,
    /// There was an internal error in this node before.
    Broken,
    /// Binding, or making threads, failed.
    Net(net::Error),
    /// The core refused a command.
    Command(CommandError),
    /// More targets than [`super::limits::MAX_TARGETS`]; the field says how many.
    TooManyTargets(usize),
    /// Nobody answered a join. It goes on in the background for those that may still answer.
    NoAnswer(Vec<JoinFailure>),
}

/// A target of a join that did not answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinFailure {
    /// The target as it was given.
    pub target: String,
    /// Why not.
    pub reason: JoinReason,
}

/// Why a target of a join did not answer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum JoinReason {
    /// The text is no `host:port`; what is wrong with it.
    Malformed(&'static str),
    /// The name is not known, or cannot be asked for: what the system says.
    Unknown(String),
    /// The name was not looked up in time.
    LookUp,
    /// It is this node itself.
    OwnNode,
    /// It has no address of the family that this node is bound to.
    Family,
    /// The core refused it.
    Command(CommandError),
    /// Nobody of this cluster answered in time, but a node of another cluster did. That may be forged.
    OtherCluster,
    /// Nobody answered in time; what TCP said to it, if it said anything.
    NoAnswer(Option<io::ErrorKind>),
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(field, text) => write!(
                f,
                "{field} is \"{text}\"; give a numeric IPv4 or IPv6 address{}",
                if *field == "advertise_host" { " that others can send to" } else { "" }
            ),
            Self::Text(field, bytes, most) => {
                write!(f, "{field} has {bytes} bytes; give at most {most}")
            }
            Self::Config(error) => write!(f, "protocol: {error}; correct it"),
            Self::Serializer => f.write_str(
                "serializer is one of the program's own; choose one of the library's for a node",
            ),
            Self::Entropy => f.write_str("the operating system gives no random numbers"),
            Self::AlreadyStarted => f.write_str("the node is started; stop it first"),
            Self::NotStarted => f.write_str("the node is not started; start it first"),
            Self::InCallback => f.write_str(
                "a callback of the node has not returned; return from it, then try again",
            ),
            Self::Forked => {
                f.write_str("the node belongs to the parent of this process; make one of your own")
            }
            Self::Broken => f.write_str(
                "an internal error happened to this node before; destroy it and make a new one",
            ),
            Self::Net(net::Error::Resources(error)) => {
                write!(f, "cannot make the node's thread: {error}")
            }
            Self::Net(error) => error.fmt(f),
            Self::Command(error) => error.fmt(f),
            Self::TooManyTargets(count) => {
                write!(f, "{count} targets; give at most {}", super::limits::MAX_TARGETS)
            }
            Self::NoAnswer(failures) => {
                f.write_str("nobody answered")?;
                let list = failures.iter().enumerate();
                list.map(|(i, failure)| (if i == 0 { ": " } else { "; " }, failure))
                    .try_for_each(|(between, failure)| write!(f, "{between}{failure}"))
            }
        }
    }
}

impl fmt::Display for JoinFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.reason)
    }
}

impl fmt::Display for JoinReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => f.write_str(what),
            Self::Unknown(error) => write!(f, "its name cannot be looked up ({error})"),
            Self::LookUp => f.write_str("its name was not looked up in time"),
            Self::OwnNode => f.write_str("it is this node itself"),
            Self::Family => {
                f.write_str("it has no address of the family that this node is bound to")
            }
            Self::Command(error) => error.fmt(f),
            Self::OtherCluster => {
                f.write_str("a node of another cluster answered; both need the same cluster name")
            }
            Self::NoAnswer(None) => f.write_str("no answer"),
            Self::NoAnswer(Some(kind)) => write!(f, "no answer ({kind})"),
        }
    }
}

impl std::error::Error for NodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Net(error) => Some(error),
            Self::Command(error) => Some(error),
            _ => None,
        }
    }
}

impl From<CommandError> for NodeError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

impl From<net::Error> for NodeError {
    fn from(error: net::Error) -> Self {
        match error {
            net::Error::AlreadyStarted => Self::AlreadyStarted,
            net::Error::InCallback => Self::InCallback,
            other => Self::Net(other),
        }
    }
}
