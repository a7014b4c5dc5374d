//! The load: many sockets, each with an address of its own, that send faster than anybody reads.

use crate::group::{self, Case, Form, MEMBERS, Member};
use crate::server::{Kind, Server, Work};
use gossip::types::{Detail, Header, MessageKind};
use gossip::wire::binary;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg};
use std::io::IoSlice;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// Datagrams that one call sends from one source. The kernel cuts them apart, which is what makes
/// one core enough to keep another busy.
const TRAIN: usize = 16;

/// The sources.
struct Sources {
    sockets: Vec<UdpSocket>,
    members: Vec<Member>,
    server: SocketAddrV4,
    /// The heartbeat of all members.
    heartbeat: u64,
}

/// Starts a server, joins the members to it, and loads it for a while.
pub fn trial(kind: Kind, case: Case, form: Form, time: Duration) -> Result<Work, String> {
    let mut server = Server::start(kind, case, form)?;
    let mut sources = Sources::new(server.port)?;
    if kind == Kind::Library {
        sources.join(&mut server, form)?;
    }
    // What the first messages bring about is not counted, nor what they allocate.
    sources.flood(case, form, time / 4);
    server.begin()?;
    sources.flood(case, form, time);
    let work = server.end()?;
    if work.messages == 0 {
        return Err(format!("the server took no {}", case.name()));
    }
    Ok(work)
}

impl Sources {
    fn new(port: u16) -> Result<Self, String> {
        let error = |error: std::io::Error| format!("a source: {error}");
        let (mut sockets, mut members) = (Vec::new(), Vec::new());
        for number in 0..MEMBERS {
            let socket = UdpSocket::bind((group::host(number), 0)).map_err(error)?;
            socket.set_nonblocking(true).map_err(error)?;
            members.push(Member::new(number, socket.local_addr().map_err(error)?));
            sockets.push(socket);
        }
        let server = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port);
        // A number as long as those that follow, so that all messages have the same size.
        Ok(Self { sockets, members, server, heartbeat: (1 << 21) + 1000 })
    }

    /// Makes all members known to the server and online there.
    fn join(&mut self, server: &mut Server, form: Form) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut datagram = Vec::new();
        let mut buffer = [0; 65536];
        loop {
            for (socket, member) in self.sockets.iter().zip(&self.members) {
                let own = [member.entry(self.heartbeat, Detail::Full)];
                let mut say = |kind, nonce| {
                    let header = Header {
                        sender: member.id,
                        kind,
                        nonce,
                        timestamp: self.heartbeat - 1,
                        interval_us: if form == Form::Binary { 100_000 } else { 0 },
                        wire: if form == Form::Binary { binary::VERSION } else { 0 },
                        ..Header::default()
                    };
                    form.encode(&header, &own, &mut datagram);
                    let _ = socket.send_to(&datagram, SocketAddr::V4(self.server));
                };
                say(MessageKind::Meet, 1);
                std::thread::sleep(Duration::from_millis(1));
                while let Ok((bytes, _)) = socket.recv_from(&mut buffer) {
                    match form.decode(&buffer[..bytes]) {
                        Some(asks) if asks.kind == MessageKind::Ping => {
                            say(MessageKind::Pong, asks.nonce);
                        }
                        _ => {}
                    }
                }
            }
            if server.online()? == MEMBERS {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("the members did not become online".to_owned());
            }
        }
    }

    /// Sends for a while, each source in its turn; answers are left to their sockets, whose buffers
    /// are soon full.
    fn flood(&mut self, case: Case, form: Form, time: Duration) {
        let end = Instant::now() + time;
        let to = SockaddrIn::from(self.server);
        let (mut one, mut train) = (Vec::new(), Vec::new());
        while Instant::now() < end {
            self.heartbeat += 1;
            for (number, socket) in self.sockets.iter().enumerate() {
                train.clear();
                for step in 0..TRAIN {
                    let heartbeat = self.heartbeat + step as u64;
                    // Of itself a member always says the newest; what is said of others is newer
                    // than what they said in the turn before.
                    let others = self.heartbeat - 1;
                    let says = (number, heartbeat, others);
                    group::message(case, form, &self.members, says, &mut one);
                    train.extend_from_slice(&one);
                }
                let size = one.len() as u16;
                let parts = [IoSlice::new(&train)];
                let cut = [ControlMessage::UdpGsoSegments(&size)];
                let fd = socket.as_raw_fd();
                let _ = sendmsg(fd, &parts, &cut, MsgFlags::empty(), Some(&to));
            }
            self.heartbeat += TRAIN as u64;
        }
    }
}
