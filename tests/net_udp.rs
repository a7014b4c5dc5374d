//! UDP on real sockets.

mod net_support;

use gossip::net::{Error, Inbound, Outgoing, Protocol, Serializer, Transport};
use gossip::types::{Entry, Header, MessageKind, Metadata, NodeId, NodeView, Path};
use gossip::wire;
use net_support::{
    Collector, address, framed, message, owned, send, send_as, start, timestamps, wait_for,
};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(net_support::DEADLINE)).unwrap();
    socket
}

#[test]
fn message_arrives_whole_with_its_source() {
    let (one, _) = start(Protocol::Udp, "127.0.0.1", 0);
    let (two, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    send(&one, address(&two), &message(5)).unwrap();
    let got = collector.take(1);
    assert_eq!(got, [(Path::Datagram(address(&one)), message(5))]);
    assert_eq!((one.counters().sent, two.counters().received), (1, 1));
}

#[test]
fn burst_of_datagrams_is_not_mixed_up() {
    let (transport, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    let socket = socket();
    for burst in 0..20 {
        for number in 0..50 {
            let padding = 400 + usize::try_from(number).unwrap() * 20;
            let datagram = framed(&message(burst * 50 + number), padding);
            socket.send_to(&datagram, address(&transport)).unwrap();
        }
        let got = timestamps(&collector.take(50));
        assert_eq!(got, (burst * 50..burst * 50 + 50).collect::<Vec<_>>());
    }
}

#[test]
fn frames_of_one_datagram_are_all_read_and_an_incomplete_last_one_is_dropped() {
    let (transport, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    let socket = socket();
    let mut datagram = [framed(&message(1), 0), framed(&message(2), 0)].concat();
    let whole = datagram.len();
    datagram.extend(framed(&message(3), 0));
    for cut in whole..datagram.len() {
        socket.send_to(&datagram[..cut], address(&transport)).unwrap();
        assert_eq!(timestamps(&collector.take(2)), [1, 2]);
    }
    socket.send_to(&[0; 4000], address(&transport)).unwrap();
    wait_for("empty frames are counted", || transport.counters().empty == 1000);
    socket.send_to(&datagram, address(&transport)).unwrap();
    assert_eq!(timestamps(&collector.take(3)), [1, 2, 3]);
}

#[test]
fn large_message_is_split_into_datagrams_of_the_usual_size() {
    let (transport, _) = start(Protocol::Udp, "127.0.0.1", 0);
    let socket = socket();
    let to = socket.local_addr().unwrap();
    let mut large = message(1);
    let entry = large.entries[0].clone();
    large.entries =
        (0..20).map(|number| NodeView { id: NodeId::new([number; 16]), ..entry.clone() }).collect();
    send_as(&transport, to, &large, |large| Outgoing { to_new: true, ..large }).unwrap();

    let mut entries = Vec::new();
    let mut kinds = Vec::new();
    let mut buffer = [0; 65536];
    while entries.len() < 20 {
        let (bytes, _) = socket.recv_from(&mut buffer).unwrap();
        assert!(bytes <= 1400);
        for frame in gossip::wire::framing::frames(&buffer[..bytes]) {
            let part = gossip::wire::json::decode(frame).unwrap();
            kinds.push(part.header.kind);
            entries.extend(part.entries);
        }
    }
    assert_eq!(entries, large.entries);
    assert_eq!(kinds[0], MessageKind::Ping);
    assert!(kinds.len() > 2 && kinds[1..].iter().all(|kind| *kind == MessageKind::Update));
}

#[test]
fn entry_with_much_metadata_arrives_and_one_with_too_much_is_told() {
    let (one, _) = start(Protocol::Udp, "127.0.0.1", 0);
    let (two, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    let with_metadata = |bytes: usize| {
        let mut metadata = Metadata::new();
        metadata.insert("key", &"v".repeat(bytes)).unwrap();
        let mut message = message(1);
        message.entries[0].metadata = Some(Arc::new(metadata));
        message
    };
    let large = with_metadata(50_000);
    send(&one, address(&two), &large).unwrap();
    assert_eq!(collector.take(1)[0].1, large);

    let error = send(&one, address(&two), &with_metadata(62_000)).unwrap_err();
    assert!(matches!(error, Error::Wire(wire::Error::MetadataLeftOut(bytes)) if bytes > 62_000));
    assert_eq!(collector.take(1)[0].1, message(1));
}

#[test]
fn ipv6_works_and_a_socket_for_both_families_shows_ipv4_as_such() {
    if UdpSocket::bind("[::1]:0").is_err() {
        eprintln!("no IPv6 here, nothing to test");
        return;
    }
    let (one, at_one) = start(Protocol::Udp, "::1", 0);
    let (both, at_both) = start(Protocol::Udp, "::", 0);
    let (four, at_four) = start(Protocol::Udp, "127.0.0.1", 0);
    let six = |transport: &Transport| SocketAddr::new("::1".parse().unwrap(), transport.port());
    send(&one, six(&both), &message(1)).unwrap();
    assert_eq!(at_both.take(1)[0].0, Path::Datagram(six(&one)));
    send(&both, six(&one), &message(2)).unwrap();
    assert_eq!(timestamps(&at_one.take(1)), [2]);
    send(&four, address(&both), &message(3)).unwrap();
    assert_eq!(at_both.take(1)[0].0, Path::Datagram(address(&four)));
    send(&both, address(&four), &message(4)).unwrap();
    assert_eq!(timestamps(&at_four.take(1)), [4]);
    let error = send(&four, six(&one), &message(5)).unwrap_err();
    assert!(matches!(error, Error::Send(..)), "{error}");
    assert_eq!(one.target("localhost", 9).unwrap(), "[::1]:9".parse().unwrap());
}

/// Sends back what comes, from inside the callback.
struct Echo(std::sync::Weak<Transport>);

impl Inbound for Echo {
    fn deliver(&self, path: Path, header: &Header, entries: &[Entry<'_>], _: usize) {
        if let (Path::Datagram(from), Some(transport)) = (path, self.0.upgrade()) {
            send(&transport, from, &owned(header, entries)).expect("sending inside a callback");
        }
    }
}

#[test]
fn sending_inside_the_callback_works() {
    let echo = Arc::new(Transport::new(Protocol::Udp, "127.0.0.1", 0).unwrap());
    echo.set_serializer(Serializer::Json);
    echo.set_inbound(Some(Arc::new(Echo(Arc::downgrade(&echo)))));
    echo.start().unwrap();
    let (one, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    for number in 0..200 {
        send(&one, address(&echo), &message(number)).unwrap();
        assert_eq!(timestamps(&collector.take(1)), [number]);
    }
}

#[test]
fn sending_from_many_threads_mixes_nothing_up() {
    let (one, _) = start(Protocol::Udp, "127.0.0.1", 0);
    let (two, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (one, two) = (&one, &two);
            scope.spawn(move || {
                for number in 0..50 {
                    send(one, address(two), &message(thread * 50 + number)).unwrap();
                }
            });
        }
    });
    let mut got = timestamps(&collector.take(200));
    got.sort_unstable();
    assert_eq!(got, (0..200).collect::<Vec<_>>());
    assert_eq!(two.counters().junk, 0);
}

#[test]
fn sending_to_a_dead_port_does_not_end_the_reader() {
    let (transport, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    let dead = socket().local_addr().unwrap();
    for number in 0..100 {
        let _ = send(&transport, dead, &message(number));
    }
    socket().send_to(&framed(&message(7), 0), address(&transport)).unwrap();
    assert_eq!(timestamps(&collector.take(1)), [7]);
}

#[test]
fn another_receiver_takes_over() {
    let (transport, first) = start(Protocol::Udp, "127.0.0.1", 0);
    let socket = socket();
    socket.send_to(&framed(&message(1), 0), address(&transport)).unwrap();
    first.take(1);
    let second = Arc::new(Collector::default());
    transport.set_inbound(Some(second.clone()));
    socket.send_to(&framed(&message(2), 0), address(&transport)).unwrap();
    assert_eq!(timestamps(&second.take(1)), [2]);
    assert_eq!(first.len(), 0);
}
