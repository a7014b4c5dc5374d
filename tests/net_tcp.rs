//! TCP on real sockets.

mod net_support;

use gossip::net::{Error, Inbound, Outgoing, Protocol, Serializer, Transport, limits};
use gossip::types::{Entry, Form, Header, NodeView, Path};
use gossip::wire::MAX_MESSAGE_BYTES;
use net_support::{DEADLINE, address, framed, message, owned, send, start, timestamps, wait_for};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Whether the other side closes the connection within the deadline.
fn is_closed(mut stream: TcpStream) -> bool {
    matches!(stream.read(&mut [0; 16]), Ok(0))
        || stream.take_error().is_ok_and(|error| error.is_some())
}

#[test]
fn message_arrives_whole_and_the_connection_is_used_again() {
    let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    let (two, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    for number in 0..100 {
        send(&one, address(&two), &message(number)).unwrap();
    }
    let got = collector.take(100);
    assert_eq!(timestamps(&got), (0..100).collect::<Vec<_>>());
    assert_eq!(got[0], (Path::Stream(Form::Text), message(0)));
    assert_eq!((one.counters().connected, two.counters().accepted), (1, 1));
}

#[test]
fn frame_arrives_wherever_it_is_split() {
    let (transport, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let mut stream = connect(address(&transport));
    let frame = framed(&message(1), 0);
    for cut in 1..frame.len() {
        stream.write_all(&frame[..cut]).unwrap();
        // Without the pause both parts would often arrive as one.
        std::thread::sleep(Duration::from_millis(1));
        stream.write_all(&frame[cut..]).unwrap();
        assert_eq!(collector.take(1)[0].1, message(1), "cut at {cut}");
    }
    for byte in &frame {
        stream.write_all(&[*byte]).unwrap();
    }
    collector.take(1);
}

#[test]
fn large_frames_and_many_in_one_write_arrive() {
    let (transport, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let mut stream = connect(address(&transport));
    for (number, bytes) in [(1, 70_000), (2, 1_000_000), (3, MAX_MESSAGE_BYTES)] {
        stream.write_all(&framed(&message(number), bytes)).unwrap();
        assert_eq!(timestamps(&collector.take(1)), [number]);
    }
    let frames: Vec<u8> = (0..2000).flat_map(|number| framed(&message(number), 0)).collect();
    stream.write_all(&frames).unwrap();
    assert_eq!(timestamps(&collector.take(2000)), (0..2000).collect::<Vec<_>>());
}

#[test]
fn frame_beyond_the_limit_costs_the_connection_and_no_more() {
    let (transport, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let mut bad = connect(address(&transport));
    bad.write_all(&u32::try_from(MAX_MESSAGE_BYTES + 1).unwrap().to_be_bytes()).unwrap();
    assert!(is_closed(bad));
    let counters = transport.counters();
    assert_eq!((counters.closed, counters.junk), (1, 1));

    // Text that is no message is only counted.
    let mut stream = connect(address(&transport));
    stream.write_all(b"\0\0\0\x02{]\0\0\0\0").unwrap();
    stream.write_all(&framed(&message(4), 0)).unwrap();
    assert_eq!(timestamps(&collector.take(1)), [4]);
    assert_eq!((transport.counters().junk, transport.counters().empty), (2, 1));
}

#[test]
fn large_message_is_split_so_that_old_peers_can_read_it() {
    let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    let (two, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let mut large = message(1);
    large.entries = vec![large.entries[0].clone(); 1000];
    send(&one, address(&two), &large).unwrap();
    let parts = usize::try_from(one.counters().sent).unwrap();
    assert!(parts > 3);
    let got = collector.take(parts);
    let entries: Vec<_> = got.iter().flat_map(|(_, part)| part.entries.clone()).collect();
    assert_eq!(entries, large.entries);
}

#[test]
fn restarted_peer_is_reached_again() {
    let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    let (two, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let to = address(&two);
    send(&one, to, &message(1)).unwrap();
    collector.take(1);
    for round in 0..5 {
        two.stop().unwrap();
        two.start().unwrap();
        assert_eq!(address(&two), to);
        let started = Instant::now();
        wait_for("reached again", || {
            let _ = send(&one, to, &message(round));
            collector.len() > 0
        });
        assert!(started.elapsed() < limits::BACK_OFF_MAX * 6);
        while collector.len() > 0 {
            collector.take(0);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn address_where_nobody_listens_is_told_within_the_bound_and_backed_off_from() {
    let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // On a busy machine the refusal may come after the bound; then a later send tells of it.
    wait_for("told", || {
        let started = Instant::now();
        let result = send(&one, dead, &message(1));
        assert!(started.elapsed() < limits::SEND_WAIT * 5);
        match result {
            Err(Error::Unreachable(to, _)) => to == dead,
            result => result.map(|_| false).expect("on its way"),
        }
    });
    wait_for("told without trying", || {
        let started = Instant::now();
        let result = send(&one, dead, &message(2));
        matches!(result, Err(Error::Unreachable(..))) && started.elapsed() < limits::BACK_OFF_MIN
    });
    assert_eq!(one.counters().connected, 0);

    let late = TcpListener::bind(dead).unwrap();
    wait_for("tried again", || send(&one, dead, &message(3)).is_ok());
    let (mut stream, _) = late.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut got = vec![0; framed(&message(3), 0).len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, framed(&message(3), 0));
}

#[test]
fn peer_that_never_answers_holds_a_send_for_no_longer_than_the_bound() {
    let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    // An address for documentation: packets to it vanish, or the system refuses at once.
    let nowhere = "192.0.2.1:9".parse().unwrap();
    let started = Instant::now();
    let _ = send(&one, nowhere, &message(1));
    // Far less than the system's own time for such a connection.
    assert!(started.elapsed() < limits::SEND_WAIT * 5);
    let stopping = Instant::now();
    one.stop().unwrap();
    assert!(stopping.elapsed() < limits::STOP_TIME * 2);
}

#[test]
fn slow_reader_fills_its_queue_and_nothing_else() {
    let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    let (two, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = slow.local_addr().unwrap();
    let mut large = message(1);
    large.entries = vec![large.entries[0].clone(); 1000];
    let full = (0..200).find_map(|_| send(&one, to, &large).err());
    assert!(matches!(full, Some(Error::QueueFull(full)) if full == to), "{full:?}");
    send(&one, address(&two), &message(2)).unwrap();
    assert_eq!(timestamps(&collector.take(1)), [2]);

    // Once it reads, everything that was queued comes, in whole frames.
    let (mut stream, _) = slow.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut prefix = [0; 4];
    for _ in 0..20 {
        stream.read_exact(&mut prefix).unwrap();
        let mut frame = vec![0; usize::try_from(u32::from_be_bytes(prefix)).unwrap()];
        stream.read_exact(&mut frame).unwrap();
        gossip::wire::json::decode(&frame).unwrap();
    }
}

#[test]
fn what_is_queued_when_it_stops_is_still_written() {
    for _ in 0..20 {
        let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
        let (two, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
        let to = address(&two);
        let leaving = message(9);
        let entries: Vec<_> = leaving.entries.iter().map(NodeView::as_entry).collect();
        one.send(&Outgoing::new(&leaving.header, &entries), to, false).unwrap();
        one.stop().unwrap();
        assert_eq!(timestamps(&collector.take(1)), [9]);
    }
}

#[test]
fn connections_from_one_address_are_limited() {
    let (transport, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let to = address(&transport);
    let mut kept: Vec<_> = (0..limits::MAX_ACCEPTED_PER_ADDRESS).map(|_| connect(to)).collect();
    wait_for("all are accepted", || {
        transport.counters().accepted == limits::MAX_ACCEPTED_PER_ADDRESS as u64
    });
    assert!(is_closed(connect(to)));
    assert_eq!(transport.counters().turned_away, 1);
    for stream in &mut kept {
        stream.write_all(&framed(&message(1), 0)).unwrap();
    }
    collector.take(kept.len());
    drop(kept);
    wait_for("places are free again", || {
        let mut stream = connect(to);
        stream.write_all(&framed(&message(2), 0)).is_ok() && {
            std::thread::sleep(Duration::from_millis(20));
            collector.len() > 0
        }
    });
}

#[test]
fn silent_connection_is_closed() {
    let (transport, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let opened = Instant::now();
    let mut silent = connect(address(&transport));
    let mut dripping = connect(address(&transport));
    // Half a frame is as good as nothing.
    dripping.write_all(b"\0\0\0\x10{").unwrap();
    // So are frames that hold no message.
    let mut babbling = connect(address(&transport));
    babbling.write_all(b"\0\0\0\x02{]\0\0\0\0").unwrap();
    let mut talking = connect(address(&transport));
    talking.write_all(&framed(&message(1), 0)).unwrap();
    collector.take(1);
    silent.set_read_timeout(Some(limits::SILENT_TIME * 2)).unwrap();
    dripping.set_read_timeout(Some(limits::SILENT_TIME * 2)).unwrap();
    babbling.set_read_timeout(Some(limits::SILENT_TIME * 2)).unwrap();
    assert!(matches!(silent.read(&mut [0; 1]), Ok(0)));
    assert!(is_closed(dripping));
    assert!(is_closed(babbling));
    assert!(opened.elapsed() >= limits::SILENT_TIME - Duration::from_millis(100));
    assert_eq!(transport.counters().closed, 3);
    // The one that said something may be silent for as long as this now.
    talking.write_all(&framed(&message(2), 0)).unwrap();
    assert_eq!(timestamps(&collector.take(1)), [2]);
}

#[test]
fn ipv6_works() {
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("no IPv6 here, nothing to test");
        return;
    }
    let (one, at_one) = start(Protocol::Tcp, "::1", 0);
    let (both, at_both) = start(Protocol::Tcp, "::", 0);
    let six = |transport: &Transport| SocketAddr::new("::1".parse().unwrap(), transport.port());
    send(&one, six(&both), &message(1)).unwrap();
    at_both.take(1);
    send(&both, six(&one), &message(2)).unwrap();
    at_one.take(1);
    let (four, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    send(&four, address(&both), &message(3)).unwrap();
    assert_eq!(timestamps(&at_both.take(1)), [3]);
}

/// Sends inside the callback to where nobody listens, and tells how long that took.
struct SendsInside {
    transport: std::sync::Weak<Transport>,
    to: SocketAddr,
    took: Mutex<Sender<Duration>>,
}

impl Inbound for SendsInside {
    fn deliver(&self, _: Path, header: &Header, entries: &[Entry<'_>], _: usize) {
        if let Some(transport) = self.transport.upgrade() {
            let started = Instant::now();
            let _ = send(&transport, self.to, &owned(header, entries));
            let _ = self.took.lock().unwrap().send(started.elapsed());
        }
    }
}

#[test]
fn sending_inside_the_callback_never_waits() {
    let transport = Arc::new(Transport::new(Protocol::Tcp, "127.0.0.1", 0).unwrap());
    let (took, times) = channel();
    transport.set_serializer(Serializer::Json);
    transport.set_inbound(Some(Arc::new(SendsInside {
        transport: Arc::downgrade(&transport),
        to: "192.0.2.1:9".parse().unwrap(),
        took: Mutex::new(took),
    })));
    transport.start().unwrap();
    let (one, _) = start(Protocol::Tcp, "127.0.0.1", 0);
    let mut took: Vec<_> = (0..20)
        .map(|number| {
            send(&one, address(&transport), &message(number)).unwrap();
            times.recv_timeout(DEADLINE).unwrap()
        })
        .collect();
    took.sort_unstable();
    // A busy machine may take the processor away during some of them.
    assert!(took[10] < limits::SEND_WAIT / 2, "{took:?}");
}

#[test]
fn two_transports_answer_each_other() {
    struct Answer(std::sync::Weak<Transport>, SocketAddr);
    impl Inbound for Answer {
        fn deliver(&self, _: Path, header: &Header, entries: &[Entry<'_>], _: usize) {
            if let Some(transport) = self.0.upgrade() {
                send(&transport, self.1, &owned(header, entries))
                    .expect("sending inside a callback");
            }
        }
    }
    let (one, collector) = start(Protocol::Tcp, "127.0.0.1", 0);
    let echo = Arc::new(Transport::new(Protocol::Tcp, "127.0.0.1", 0).unwrap());
    echo.set_serializer(Serializer::Json);
    echo.set_inbound(Some(Arc::new(Answer(Arc::downgrade(&echo), address(&one)))));
    echo.start().unwrap();
    for number in 0..200 {
        send(&one, address(&echo), &message(number)).unwrap();
        assert_eq!(timestamps(&collector.take(1)), [number]);
    }
    assert_eq!((one.counters().connected, echo.counters().connected), (1, 1));
}
