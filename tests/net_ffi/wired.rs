//! A transport behind the C ABI, destroyed when dropped.

use crate::support::{Node, last_error, view};
use gossip::ffi::gossip_error_code::GOSSIP_ERR_SUCCESS;
use gossip::ffi::gossip_transport_type::{GOSSIP_TRANSPORT_TCP, GOSSIP_TRANSPORT_UDP};
use gossip::ffi::testing::c_text;
use gossip::ffi::*;
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

pub(crate) const UDP: gossip_transport_type_t = GOSSIP_TRANSPORT_UDP;
pub(crate) const BOTH: [gossip_transport_type_t; 2] = [UDP, GOSSIP_TRANSPORT_TCP];
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Wire(pub(crate) *mut gossip_transport_t);

// SAFETY: a transport may be called from any thread.
unsafe impl Send for Wire {}
// SAFETY: as above.
unsafe impl Sync for Wire {}

impl Wire {
    /// Started, with JSON, on any port of IPv4 loopback.
    pub(crate) fn start(kind: gossip_transport_type_t) -> Self {
        let host = CString::new("127.0.0.1").expect("no NUL");
        // SAFETY: a text that ends in NUL.
        let transport =
            unsafe { gossip_transport_factory_create(MaybeUninit::new(kind), host.as_ptr(), 0) };
        assert!(!transport.is_null(), "{}", last_error());
        // SAFETY: a live transport.
        assert_eq!(unsafe { gossip_transport_start(transport) }, GOSSIP_ERR_SUCCESS);
        Self(transport)
    }

    pub(crate) fn port(&self) -> u16 {
        // SAFETY: a live transport.
        unsafe { gossip_transport_port(self.0) }
    }

    /// The view of a node that is reached here.
    pub(crate) fn view(&self, number: u8) -> gossip_node_view_t {
        gossip_node_view_t { port: self.port().into(), ..view(number) }
    }

    pub(crate) fn serve(&self, node: &Node) {
        // SAFETY: both are alive.
        unsafe { gossip_transport_set_core(self.0, node.core) }
    }

    pub(crate) fn send(
        &self,
        message: *const gossip_message_t,
        target: &gossip_node_view_t,
    ) -> gossip_error_code_t {
        // SAFETY: a live transport, a message whose entries live, and a view.
        unsafe { gossip_transport_send_message(self.0, message, target) }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // SAFETY: destroyed once.
        unsafe { gossip_transport_destroy(self.0) }
    }
}

/// A socket of the test's own and the view of a node that would be reached there.
pub(crate) fn socket() -> (UdpSocket, gossip_node_view_t) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(DEADLINE)).expect("not zero");
    let port = socket.local_addr().expect("bound").port();
    (socket, gossip_node_view_t { port: port.into(), ip: c_text("localhost"), ..view(9) })
}

/// The next datagram, without the length before it.
pub(crate) fn receive(socket: &UdpSocket) -> String {
    let mut buffer = [0; 65536];
    let (bytes, _) = socket.recv_from(&mut buffer).expect("within the deadline");
    let frames: Vec<_> = gossip::wire::framing::frames(&buffer[..bytes]).collect();
    assert_eq!(frames.len(), 1);
    String::from_utf8(frames[0].to_vec()).expect("UTF-8")
}

pub(crate) fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within the deadline: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
