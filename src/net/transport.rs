//! [`Transport`]: what UDP and TCP have in common.

use super::inbound::Streams;
use super::lifecycle::{self, Lives, Run, Threads, Worker};
use super::shared::{Inbound, TransportState, lock};
use super::{Counters, Error, address, rebind, tcp, udp};
use crate::os::process_mark;
use crate::wire::{Outgoing, Serializer};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

/// What carries the messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// Datagrams: cheap, and what is lost is lost.
    Udp,
    /// Connections, made when first needed and used again.
    Tcp,
}

/// Carries messages between this host and others.
///
/// All methods may be called from any thread, and from inside [`Inbound::deliver`]. Dropping it
/// stops it; on its own thread it ends when the callback returns. In a forked child it can only be
/// dropped: that touches nothing, since everything it has is the parent's.
///
/// ```
/// use gossip::net::{Protocol, Serializer, Transport};
/// let transport = Transport::new(Protocol::Udp, "127.0.0.1", 0).unwrap();
/// transport.set_serializer(Serializer::Auto);
/// transport.start().unwrap();
/// assert_ne!(transport.port(), 0);
/// transport.stop().unwrap();
/// ```
pub struct Transport {
    process: u64,
    /// `None` only while it is dropped.
    inner: Option<Inner>,
}

struct Inner {
    protocol: Protocol,
    host: IpAddr,
    port: u16,
    shared: Arc<TransportState>,
    udp: udp::Sender,
    tcp: Arc<tcp::Peers>,
    lives: Lives<Worker>,
    /// The port that was bound last.
    bound: Mutex<Option<u16>>,
}

impl Transport {
    /// Makes a transport that will listen on `host`, a numeric IPv4 or IPv6 address, and `port`, 0
    /// for any. No socket and no thread is made before [`Transport::start`].
    ///
    /// # Errors
    /// [`Error::Host`].
    pub fn new(protocol: Protocol, host: &str, port: u16) -> Result<Self, Error> {
        let inner = Inner {
            protocol,
            host: address::host(host)?,
            port,
            shared: Arc::default(),
            udp: udp::Sender::default(),
            tcp: Arc::default(),
            lives: Lives::default(),
            bound: Mutex::default(),
        };
        Ok(Self { process: process_mark(), inner: Some(inner) })
    }

    /// Says in which form messages are written and read. Without it nothing is sent, and what comes
    /// is counted as junk. What is being read or written may still be so in the form before.
    pub fn set_serializer(&self, serializer: Serializer) {
        if let Ok(inner) = self.inner() {
            inner.shared.set_serializer(serializer);
        }
    }

    /// Says who takes the messages that come; `None` for nobody. One that is being delivered may
    /// still reach the receiver before.
    pub fn set_inbound(&self, inbound: Option<Arc<dyn Inbound>>) {
        if let Ok(inner) = self.inner() {
            inner.shared.set_inbound(inbound);
        }
    }

    /// Binds the address and makes the thread. After a stop the port is the same as before, if it
    /// can still be had or was asked for.
    ///
    /// # Errors
    /// [`Error::AlreadyStarted`], [`Error::InCallback`] on the thread of the run before,
    /// [`Error::Bind`], [`Error::Resources`], [`Error::Forked`].
    pub fn start(&self) -> Result<(), Error> {
        let inner = self.inner()?;
        inner.lives.start(|| inner.listen())
    }

    /// Closes everything and ends the thread; nothing is delivered after it returns. Within one
    /// second, and as often as you like.
    ///
    /// On the transport's own thread it only asks for the end, which comes when the callback
    /// returns.
    ///
    /// # Errors
    /// [`Error::InCallback`] if the thread is kept inside a callback; it ends afterwards by itself.
    /// [`Error::Forked`].
    pub fn stop(&self) -> Result<(), Error> {
        self.inner()?.stop()
    }

    /// The port listened on, or that was last; before the first start the port asked for.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner().map_or(0, |inner| lock(&inner.bound).unwrap_or(inner.port))
    }

    /// The address that a text and a port mean for [`Transport::send`]. "localhost" is this host;
    /// no other name is known.
    ///
    /// # Errors
    /// [`Error::Host`], [`Error::Port`], [`Error::Forked`].
    pub fn target(&self, ip: &str, port: i32) -> Result<SocketAddr, Error> {
        address::target(self.inner()?.host, ip, port)
    }

    /// Sends a message, split if it must be (see [`crate::wire::pack`]): what does not fit follows as
    /// updates of the same sender. Gives the bytes that it took.
    ///
    /// UDP never waits. TCP queues; with `may_wait`, and not on the transport's own thread, it
    /// waits up to [`super::limits::SEND_WAIT`] to learn that nobody listens. Success means that
    /// the message was on its way, not that it came.
    ///
    /// # Errors
    /// [`Error::NotStarted`], [`Error::NoSerializer`], [`Error::Wire`], [`Error::Send`],
    /// [`Error::Unreachable`], [`Error::QueueFull`], [`Error::Forked`].
    pub fn send(
        &self,
        message: &Outgoing<'_>,
        to: SocketAddr,
        may_wait: bool,
    ) -> Result<usize, Error> {
        let inner = self.inner()?;
        let shared = &inner.shared;
        if let (Protocol::Udp, Some(packet), true) =
            (inner.protocol, message.packet, shared.writes_packets())
        {
            return inner.udp.send_one(shared, packet, 1, to);
        }
        let serializer = shared.serializer().ok_or(Error::NoSerializer)?;
        match inner.protocol {
            Protocol::Udp => inner.udp.send(shared, &serializer, message, to),
            Protocol::Tcp => {
                let may_wait = may_wait && !inner.lives.any(Worker::is_current);
                inner.tcp.send(shared, &serializer, message, to, may_wait)
            }
        }
    }

    /// Whether a message that was decided to be a packet is written as one here.
    #[must_use]
    pub fn writes_packets(&self) -> bool {
        self.inner().is_ok_and(|inner| inner.shared.writes_packets())
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.inner().map_or_else(|_| Counters::default(), |inner| inner.shared.counts.snapshot())
    }

    /// Whether this is a forked child's copy, which can only be dropped.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.process != process_mark()
    }

    fn inner(&self) -> Result<&Inner, Error> {
        if self.is_foreign() {
            return Err(Error::Forked);
        }
        self.inner.as_ref().ok_or(Error::NotStarted)
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if self.is_foreign() {
            // A lock may be held by a thread that does not exist here, and closing an epoll
            // registration would end the parent's. All of it is left to the end of the process.
            core::mem::forget(self.inner.take());
        } else if let Some(inner) = &self.inner {
            // A thread that is kept in a callback holds what it needs by itself.
            let _ = inner.stop();
        }
    }
}

impl Inner {
    /// Binds, and makes the thread.
    fn listen(&self) -> Result<Worker, Error> {
        let mut before = lock(&self.bound);
        let runtime = lifecycle::runtime()?;
        let run = Arc::new(Run::default());
        let (worker, bound) = match self.protocol {
            Protocol::Udp => self.listen_udp(*before, runtime, run)?,
            Protocol::Tcp => self.listen_tcp(*before, runtime, run)?,
        };
        *before = Some(bound);
        Ok(worker)
    }

    fn listen_udp(
        &self,
        before: Option<u16>,
        runtime: Runtime,
        run: Arc<Run>,
    ) -> Result<(Worker, u16), Error> {
        let socket = self.bind(before, udp::bind)?;
        let bound = socket.local_addr().map_err(Error::Resources)?.port();
        let sending = socket.try_clone().map_err(Error::Resources)?;
        let reading = {
            let _inside = runtime.enter();
            tokio::net::UdpSocket::from_std(socket).map_err(Error::Resources)?
        };
        let (shared, own_run) = (self.shared.clone(), run.clone());
        let main = move || async move {
            let serving = udp::serve(reading, shared, own_run.clone());
            lifecycle::first(own_run.stopped(), serving).await;
        };
        // Before the thread is there, since the first callback may already send.
        self.udp.open(sending, self.host);
        let worker = Worker::start("gossip-udp", runtime, run, main);
        worker.inspect_err(|_| self.udp.close()).map(|worker| (worker, bound))
    }

    fn listen_tcp(
        &self,
        before: Option<u16>,
        runtime: Runtime,
        run: Arc<Run>,
    ) -> Result<(Worker, u16), Error> {
        let listener = self.bind(before, tcp::bind)?;
        let bound = listener.local_addr().map_err(Error::Resources)?.port();
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(Error::Resources)?
        };
        let (shared, own_run, peers) = (self.shared.clone(), run.clone(), self.tcp.clone());
        let main = move || async move {
            let streams = Arc::new(Streams::new(shared.clone()));
            let accepting = tokio::spawn(tcp::accept(listener, streams, own_run.clone()));
            own_run.stopped().await;
            accepting.abort();
            peers.flush().await;
            peers.clear(&shared);
        };
        // Before the thread is there, since the first callback may already send.
        self.tcp.open(runtime.handle().clone());
        let worker = Worker::start("gossip-tcp", runtime, run, main);
        worker.inspect_err(|_| self.tcp.close()).map(|worker| (worker, bound))
    }

    /// Binds the port asked for. When any will do, the one of the run before is tried first.
    fn bind<T>(
        &self,
        before: Option<u16>,
        bind: impl Fn(SocketAddr) -> io::Result<T>,
    ) -> Result<T, Error> {
        if let (0, Some(port)) = (self.port, before)
            && let Ok(socket) = rebind::bind(SocketAddr::new(self.host, port), before, &bind)
        {
            return Ok(socket);
        }
        let at = SocketAddr::new(self.host, self.port);
        rebind::bind(at, before, bind).map_err(|error| Error::Bind(at, error))
    }

    fn stop(&self) -> Result<(), Error> {
        self.lives.stop(|| {
            self.udp.close();
            self.tcp.close();
        })
    }
}
