//! Why a transport did not do what it was asked to.

use crate::wire;
use core::fmt;
use std::io;
use std::net::SocketAddr;

/// Why a transport did not do what it was asked to. Its state is as before.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The text is no numeric address. Names are not looked up, since that may take minutes.
    Host(String),
    /// The port of a target is not 1 to 65535.
    Port(i32),
    /// It is already started.
    AlreadyStarted,
    /// It is not started, or stopped.
    NotStarted,
    /// The thread of an earlier run is still inside a callback of the program.
    InCallback,
    /// This process is a forked child of the one that made the transport.
    Forked,
    /// The address cannot be listened on; the port may be in use.
    Bind(SocketAddr, io::Error),
    /// The thread, or what it needs of the system, could not be made.
    Resources(io::Error),
    /// No form for messages was chosen with [`super::Transport::set_serializer`].
    NoSerializer,
    /// The message cannot be written. After [`wire::Error::MetadataLeftOut`] the message was sent
    /// without the metadata of an entry.
    Wire(wire::Error),
    /// The system did not take the datagram.
    Send(SocketAddr, io::Error),
    /// The peer is not to be reached by TCP.
    Unreachable(SocketAddr, io::ErrorKind),
    /// Too many bytes wait for this peer, or for all.
    QueueFull(SocketAddr),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(
                f,
                "\"{host}\" is no numeric IPv4 or IPv6 address; names are not looked up here"
            ),
            Self::Port(port) => write!(f, "the port is {port}; give 1 to 65535"),
            Self::AlreadyStarted => f.write_str("the transport is started; stop it first"),
            Self::NotStarted => f.write_str("the transport is not started; start it first"),
            Self::InCallback => f.write_str(
                "the transport's thread is still inside a callback; return from it, then try again",
            ),
            Self::Forked => f.write_str(
                "the transport belongs to the parent of this process; make one of your own",
            ),
            Self::Bind(address, error) => {
                write!(f, "cannot listen on {address}: {error}; choose a free port, or 0 for any")
            }
            Self::Resources(error) => write!(f, "cannot make the transport's thread: {error}"),
            Self::NoSerializer => {
                f.write_str("no serializer is set; call gossip_transport_set_serializer() first")
            }
            Self::Wire(error @ (wire::Error::Custom | wire::Error::MetadataLeftOut(_))) => {
                error.fmt(f)
            }
            Self::Wire(error) => write!(f, "cannot write the message: {error}"),
            Self::Send(address, error) => write!(f, "cannot send to {address}: {error}"),
            Self::Unreachable(address, kind) => {
                write!(f, "cannot reach {address}: {kind}; is a node listening there?")
            }
            Self::QueueFull(address) => {
                write!(f, "too many bytes wait to be sent to {address}; it reads too slowly")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bind(_, error) | Self::Resources(error) | Self::Send(_, error) => Some(error),
            Self::Wire(error) => Some(error),
            _ => None,
        }
    }
}

impl From<wire::Error> for Error {
    fn from(error: wire::Error) -> Self {
        Self::Wire(error)
    }
}
