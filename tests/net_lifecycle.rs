//! Starting, stopping and destroying, for both protocols.

mod net_support;

use gossip::net::{Error, Inbound, Protocol, Serializer, Transport, limits};
use gossip::types::{Entry, Header, Path};
use net_support::{address, framed, message, send, start, wait_for};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

const BOTH: [Protocol; 2] = [Protocol::Udp, Protocol::Tcp];

#[test]
fn host_must_be_numeric() {
    for host in ["", "localhost", "example.org", "127.0.0", "::g"] {
        assert!(matches!(Transport::new(Protocol::Udp, host, 1), Err(Error::Host(_))), "{host}");
    }
    for host in ["127.0.0.1", "0.0.0.0", "::", "::1"] {
        assert!(Transport::new(Protocol::Tcp, host, 1).is_ok(), "{host}");
    }
}

#[test]
fn nothing_is_sent_before_a_start_or_after_a_stop() {
    for protocol in BOTH {
        let transport = Transport::new(protocol, "127.0.0.1", 0).unwrap();
        let (peer, _) = start(protocol, "127.0.0.1", 0);
        let to = address(&peer);
        assert!(matches!(send(&transport, to, &message(1)), Err(Error::NoSerializer)));
        transport.set_serializer(Serializer::Json);
        assert!(matches!(send(&transport, to, &message(1)), Err(Error::NotStarted)));
        transport.start().unwrap();
        send(&transport, to, &message(1)).unwrap();
        transport.stop().unwrap();
        assert!(matches!(send(&transport, to, &message(1)), Err(Error::NotStarted)));
    }
}

#[test]
fn starts_once_and_stops_as_often_as_you_like() {
    for protocol in BOTH {
        let transport = Transport::new(protocol, "127.0.0.1", 0).unwrap();
        assert_eq!(transport.port(), 0);
        transport.stop().expect("a stop before the first start");
        transport.start().unwrap();
        assert_ne!(transport.port(), 0);
        assert!(matches!(transport.start(), Err(Error::AlreadyStarted)));
        transport.stop().unwrap();
        transport.stop().unwrap();
    }
}

#[test]
fn starts_again_at_the_same_port_and_hears() {
    for protocol in BOTH {
        let (transport, collector) = start(protocol, "127.0.0.1", 0);
        let (peer, answers) = start(protocol, "127.0.0.1", 0);
        let port = transport.port();
        for round in 0..5 {
            send(&peer, address(&transport), &message(round)).unwrap();
            // What was sent during the restart may still come before it.
            wait_for("the message", || {
                let last = net_support::timestamps(&collector.take(1)).last().copied();
                last == Some(round)
            });
            send(&transport, address(&peer), &message(round)).unwrap();
            answers.take(1);
            let stopping = Instant::now();
            transport.stop().unwrap();
            assert!(stopping.elapsed() < limits::STOP_TIME * 2);
            transport.start().unwrap();
            assert_eq!(transport.port(), port);
            // The peer's connection is gone, and it may need a moment to see that.
            wait_for("the peer sees the restart", || {
                let _ = send(&peer, address(&transport), &message(99));
                collector.len() > 0
            });
        }
    }
}

#[test]
fn port_in_use_is_told_and_leaves_the_transport_as_it_was() {
    for protocol in BOTH {
        let (first, _) = start(protocol, "127.0.0.1", 0);
        let second = Transport::new(protocol, "127.0.0.1", first.port()).unwrap();
        let error = second.start().unwrap_err();
        assert!(matches!(error, Error::Bind(..)), "{error}");
        assert!(error.to_string().contains(&format!("127.0.0.1:{}", first.port())), "{error}");
        drop(first);
        second.start().expect("the port is free now");
    }
}

/// Does something to the transport on its own thread, then tells what came of it.
struct Inside {
    transport: Mutex<Option<Arc<Transport>>>,
    act: fn(Arc<Transport>) -> bool,
    done: Mutex<Sender<bool>>,
}

impl Inbound for Inside {
    fn deliver(&self, _: Path, _: &Header, _: &[Entry<'_>], _: usize) {
        let transport = self.transport.lock().unwrap().take();
        if let Some(transport) = transport {
            let outcome = (self.act)(transport);
            let _ = self.done.lock().unwrap().send(outcome);
        }
    }
}

fn inside(protocol: Protocol, act: fn(Arc<Transport>) -> bool) -> (Arc<Transport>, Receiver<bool>) {
    let transport = Arc::new(Transport::new(protocol, "127.0.0.1", 0).unwrap());
    let (done, outcome) = channel();
    transport.set_serializer(Serializer::Json);
    transport.set_inbound(Some(Arc::new(Inside {
        transport: Mutex::new(Some(transport.clone())),
        act,
        done: Mutex::new(done),
    })));
    transport.start().unwrap();
    (transport, outcome)
}

#[test]
fn stop_inside_a_callback_returns_and_a_start_outside_works_afterwards() {
    for protocol in BOTH {
        let (transport, outcome) = inside(protocol, |transport| {
            transport.stop().is_ok()
                && transport.stop().is_ok()
                && matches!(transport.start(), Err(Error::InCallback))
        });
        let (peer, _) = start(protocol, "127.0.0.1", 0);
        send(&peer, address(&transport), &message(1)).unwrap();
        assert_eq!(outcome.recv_timeout(net_support::DEADLINE), Ok(true));
        transport.start().unwrap();
        transport.stop().unwrap();
    }
}

#[test]
fn destroy_inside_a_callback_frees_the_port_once_it_returns() {
    for protocol in BOTH {
        let (transport, outcome) = inside(protocol, |transport| {
            // The receiver lives in the transport, so this is the last of both.
            transport.set_inbound(None);
            Arc::try_unwrap(transport).map(drop).is_ok()
        });
        let to = address(&transport);
        drop(transport);
        let (peer, _) = start(protocol, "127.0.0.1", 0);
        send(&peer, to, &message(1)).unwrap();
        assert_eq!(outcome.recv_timeout(net_support::DEADLINE), Ok(true));
        wait_for("the port is free", || {
            let next = Transport::new(protocol, "127.0.0.1", to.port()).unwrap();
            next.start().is_ok()
        });
    }
}

/// Stays inside its callback until it is let go.
struct Stuck(Mutex<(Sender<()>, Receiver<()>)>);

impl Inbound for Stuck {
    fn deliver(&self, _: Path, _: &Header, _: &[Entry<'_>], _: usize) {
        let ends = self.0.lock().unwrap();
        let _ = ends.0.send(());
        let _ = ends.1.recv_timeout(net_support::DEADLINE);
    }
}

#[test]
fn stop_gives_up_within_a_second_on_a_callback_that_does_not_return() {
    for protocol in BOTH {
        let (transport, _) = start(protocol, "127.0.0.1", 0);
        let (entered, inside) = channel();
        let (go, let_go) = channel();
        transport.set_inbound(Some(Arc::new(Stuck(Mutex::new((entered, let_go))))));
        let (peer, _) = start(protocol, "127.0.0.1", 0);
        send(&peer, address(&transport), &message(1)).unwrap();
        inside.recv_timeout(net_support::DEADLINE).unwrap();
        let stopping = Instant::now();
        assert!(matches!(transport.stop(), Err(Error::InCallback)));
        assert!(stopping.elapsed() < limits::STOP_TIME * 2);
        assert!(matches!(transport.start(), Err(Error::InCallback)));
        go.send(()).unwrap();
        transport.start().expect("the callback has returned");
    }
}

#[test]
fn destroy_under_traffic_from_other_threads_is_quiet() {
    for protocol in BOTH {
        let (peer, _) = start(protocol, "127.0.0.1", 0);
        for _ in 0..20 {
            let (transport, collector) = start(protocol, "127.0.0.1", 0);
            let to = address(&transport);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    for number in 0..50 {
                        let _ = send(&peer, to, &message(number));
                    }
                });
                collector.take(1);
                drop(transport);
            });
        }
    }
}

#[test]
fn without_a_serializer_or_a_receiver_what_comes_is_dropped() {
    let transport = Transport::new(Protocol::Udp, "127.0.0.1", 0).unwrap();
    transport.start().unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(&framed(&message(1), 0), address(&transport)).unwrap();
    wait_for("counted", || transport.counters().junk == 1);
    transport.set_serializer(Serializer::Json);
    socket.send_to(&framed(&message(1), 0), address(&transport)).unwrap();
    wait_for("counted", || transport.counters().junk == 2);
    assert_eq!(transport.counters().received, 0);
}
