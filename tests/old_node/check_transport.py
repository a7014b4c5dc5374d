"""Checks of the transports: bursts, splits, dead connections and what the layers lose."""

import contextlib
import dataclasses
import random
import selectors
import socket
import time
import unittest

import views
import wire
from bench import A, record
from model import Message, Type
from shared_buffer import SharedBuffer
from tcp import READ_SIZE, Tcp
from transport import NETWORK_ERROR, SERIALIZATION_ERROR, SUCCESS, Udp

PING = Message(A, Type.PING, 1, [record(A, heartbeat=1)])


def burst_of(count, size=lambda _: 200):
    return [bytes([number]) * size(number) for number in range(count)]


def share_lost(count, mode):
    """The mean share of a burst that no handler sees, once many receives are outstanding."""
    lost = 0
    for seed in range(400):
        buffer = SharedBuffer(mode, random.Random(seed))
        buffer.outstanding = 1000
        burst = burst_of(count)
        lost += len(set(burst) - set(buffer.receive(burst)))
    return lost / (400 * count)


class Listening:
    """A transport that a selector serves, and the messages it handed over."""

    def __init__(self, transport):
        self.transport = transport
        self.messages = []
        self._selector = selectors.DefaultSelector()
        transport.handler = self.messages.append
        transport.register(self._selector)
        self.address = record(A, port=transport.port)

    def serve(self, until):
        """Serves until a condition holds, at most two seconds."""
        deadline = time.monotonic() + 2
        while not until() and time.monotonic() < deadline:
            for key, _ in self._selector.select(0.01):
                key.data()
        return until()

    def serve_what_waits(self):
        """Serves until nothing arrives any more."""
        while ready := self._selector.select(0.02):
            for key, _ in ready:
                key.data()

    def close(self):
        self._selector.close()
        self.transport.close()


class Bursts(unittest.TestCase):
    """T1."""

    def test_each_datagram_leaves_one_more_receive(self):
        for mode in ("measured", "all", "none"):
            buffer = SharedBuffer(mode, random.Random(1))
            for _ in range(10):
                buffer.receive(burst_of(1))
            buffer.receive(burst_of(7))
            self.assertEqual(buffer.outstanding, 18)

    def test_datagrams_one_by_one_are_never_lost(self):
        self.assertEqual(share_lost(1, "measured"), 0)
        self.assertEqual(share_lost(1, "all"), 0)

    def test_the_measured_shares_are_lost(self):
        self.assertAlmostEqual(share_lost(5, "measured"), 0.21, delta=0.02)
        self.assertTrue(0.55 <= share_lost(50, "measured") <= 0.60)

    def test_of_one_size_the_last_is_handled_for_each(self):
        buffer = SharedBuffer("all", random.Random(1))
        buffer.outstanding = 50
        burst = burst_of(50)
        self.assertEqual(buffer.receive(burst), [burst[-1]] * 50)
        self.assertEqual(buffer.lost, 49)

    def test_no_more_are_lost_together_than_receives_are_outstanding(self):
        buffer = SharedBuffer("all", random.Random(1))
        burst = burst_of(7)
        # One receive takes the first, the two it leaves take two, the four of these the rest.
        expected = [burst[0]] + [burst[2]] * 2 + [burst[6]] * 4
        self.assertEqual(buffer.receive(burst), expected)

    def test_a_longer_datagram_shows_behind_a_shorter_last_one(self):
        buffer = SharedBuffer("all", random.Random(1))
        buffer.outstanding = 3
        self.assertEqual(buffer.receive([b"long-one", b"x", b"shrt"]), [b"shrt-one", b"s", b"shrt"])

    def test_the_defect_can_be_switched_off(self):
        self.assertEqual(share_lost(50, "none"), 0)


class UdpSockets(unittest.TestCase):
    def open(self, layer="cpp", bursts="none"):
        udp = Listening(Udp("127.0.0.1", 0, layer, bursts, random.Random(1)))
        self.addCleanup(udp.close)
        return udp

    def test_a_message_arrives_as_it_was_sent(self):
        udp = self.open()
        self.assertEqual(udp.transport.send(PING, udp.address), SUCCESS)
        self.assertTrue(udp.serve(lambda: udp.messages))
        self.assertEqual(udp.messages, [PING])
        stats = udp.transport.stats.as_dict()
        self.assertEqual((stats["datagrams_in"], stats["datagrams_out"]), (1, 1))
        self.assertEqual((stats["messages_in"], stats["messages_out"]), ({"ping": 1}, {"ping": 1}))

    def test_a_burst_is_counted_and_mostly_lost(self):
        udp = self.open(bursts="all")
        for number in range(12):
            udp.transport.send(dataclasses.replace(PING, timestamp=10 + number), udp.address)
            if number == 1:
                udp.serve(lambda: len(udp.messages) == 2)
        udp.serve(lambda: udp.transport.stats.datagrams_in == 12)
        stats = udp.transport.stats
        # The first two leave three receives, which take 3 of the ten that follow and leave six,
        # which take 6 and leave more than the last one needs.
        self.assertEqual((stats.largest_burst, stats.lost_in_bursts), (10, 2 + 5))
        self.assertEqual([m.timestamp for m in udp.messages], [10, 11, *[14] * 3, *[20] * 6, 21])
        self.assertEqual(stats.outstanding_receives, 13)

    def test_frames_and_what_is_no_json_are_counted(self):
        udp = self.open()
        framed = wire.frame(wire.encode(PING))
        bad = wire.frame(b"[1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            for data in (framed * 3, b"\xc7binary", bad + framed, b"", bytes(4), bad):
                peer.sendto(data, ("127.0.0.1", udp.transport.port))
        udp.serve(lambda: udp.transport.stats.datagrams_in == 6)
        stats = udp.transport.stats
        self.assertEqual(stats.frames_per_datagram, {"3": 1, "0": 2, "2": 1, "1": 2})
        self.assertEqual((stats.not_json_in, len(udp.messages)), (3, 5))

    def test_t9_what_no_datagram_holds_is_dropped(self):
        udp = self.open()
        heavy = record(A, metadata={"k": "v" * 25_000})
        message = dataclasses.replace(PING, entries=[heavy] * 3)
        self.assertEqual(udp.transport.send(message, udp.address), NETWORK_ERROR)

    def test_a_latin_1_role_cannot_be_sent(self):
        udp = self.open()
        message = dataclasses.replace(PING, entries=[record(A, role="\udce9")])
        self.assertEqual(udp.transport.send(message, udp.address), SERIALIZATION_ERROR)

    def test_a_target_without_a_numeric_address_is_counted(self):
        udp = self.open()
        for ip in ("", "localhost"):
            self.assertEqual(udp.transport.send(PING, record(A, ip=ip)), NETWORK_ERROR)
        self.assertEqual(udp.transport.stats.bad_addresses, 2)

    def test_ports_wrap_to_sixteen_bits(self):
        udp = self.open()
        target = record(A, port=udp.transport.port - 65536)
        self.assertEqual(udp.transport.send(PING, target), SUCCESS)
        self.assertTrue(udp.serve(lambda: udp.messages))

    def test_a_paused_node_is_deaf_and_mute(self):
        udp = self.open()
        udp.transport.send(PING, udp.address)
        udp.transport.paused = True
        self.assertEqual(udp.transport.send(PING, udp.address), SUCCESS)
        udp.serve(lambda: udp.transport.stats.dropped_in_pause == 2)
        udp.transport.paused = False
        udp.transport.send(PING, udp.address)
        self.assertTrue(udp.serve(lambda: udp.messages))
        self.assertEqual(udp.transport.stats.datagrams_in, 1)


class TcpSockets(unittest.TestCase):
    def open(self):
        tcp = Listening(Tcp("127.0.0.1", 0, "cpp"))
        self.addCleanup(tcp.close)
        return tcp

    def test_messages_share_one_cached_connection(self):
        tcp = self.open()
        for _ in range(3):
            self.assertEqual(tcp.transport.send(PING, tcp.address), SUCCESS)
        self.assertTrue(tcp.serve(lambda: len(tcp.messages) == 3))
        self.assertEqual(tcp.messages, [PING] * 3)

    def test_t4_a_split_frame_is_lost_and_the_connection_goes_on(self):
        tcp = self.open()
        framed = wire.frame(wire.encode(PING))
        with socket.create_connection(("127.0.0.1", tcp.transport.port)) as peer:
            for end in (2, 4, 50, len(framed) - 1):
                for part in (framed[:end], framed[end:], framed):
                    reads = tcp.transport.stats.datagrams_in
                    peer.sendall(part)
                    tcp.serve(lambda: tcp.transport.stats.datagrams_in > reads)
            tcp.serve_what_waits()
        self.assertEqual(tcp.messages, [PING] * 4)

    def test_t4_of_2000_small_frames_in_one_write_399_are_handled(self):
        tcp = Tcp("127.0.0.1", 0, "cpp")
        self.addCleanup(tcp.close)
        heard = []
        tcp.handler = heard.append
        framed = wire.frame(b'{"x":"%s","type":1}' % (b"y" * 143))
        self.assertEqual(len(framed), 164)
        stream = framed * 2000
        for at in range(0, len(stream), READ_SIZE):
            tcp.handle_read(stream[at : at + READ_SIZE])
        self.assertEqual(len(heard), 399)

    def test_t4_a_frame_above_64_kib_is_lost(self):
        tcp = self.open()
        heavy = record(A, metadata={"k": "v" * 70_000})
        tcp.transport.send(dataclasses.replace(PING, entries=[heavy]), tcp.address)
        tcp.serve(lambda: tcp.transport.stats.bytes_in > 70_000)
        self.assertEqual(tcp.messages, [])

    def test_t5_a_partial_write_counts_as_sent(self):
        sender = self.open()
        with socket.create_server(("127.0.0.1", 0)) as peer:
            target = record(A, port=peer.getsockname()[1])
            heavy = record(A, metadata={"k": "v" * 20_000_000})
            message = dataclasses.replace(PING, entries=[heavy])
            self.assertEqual(sender.transport.send(message, target), SUCCESS)
            with contextlib.closing(peer.accept()[0]) as connection:
                sender.transport.close()
                arrived = sum(map(len, iter(lambda: connection.recv(1 << 20), b"")))
        self.assertLess(arrived, 20_000_000)

    def test_t6_every_send_fails_after_the_peer_restarts(self):
        sender, peer = self.open(), self.open()
        target = peer.address
        sender.transport.send(PING, target)
        self.assertTrue(peer.serve(lambda: peer.messages))
        peer.close()
        sender.transport.send(PING, target)  # The last one that the dead connection swallows.
        again = Listening(Tcp("127.0.0.1", target.port, "cpp"))
        self.addCleanup(again.close)
        codes = [sender.transport.send(PING, target) for _ in range(30)]
        self.assertEqual(codes, [NETWORK_ERROR] * 30)
        fresh = self.open()
        self.assertEqual(fresh.transport.send(PING, target), SUCCESS)
        self.assertTrue(again.serve(lambda: again.messages))

    def test_a_failed_connection_is_not_cached(self):
        sender, peer = self.open(), self.open()
        target = peer.address
        peer.close()
        self.assertEqual(sender.transport.send(PING, target), NETWORK_ERROR)
        again = Listening(Tcp("127.0.0.1", target.port, "cpp"))
        self.addCleanup(again.close)
        self.assertEqual(sender.transport.send(PING, target), SUCCESS)


class Layers(unittest.TestCase):
    rich = dataclasses.replace(
        PING,
        entries=[record(A, ip="1" * 200, role="a\0b", metadata={"k": "v"}, suspicion_count=2)],
    )

    def test_cpp_loses_nothing(self):
        self.assertEqual(views.outgoing("cpp", self.rich), self.rich)
        self.assertEqual(views.incoming("cpp", self.rich), self.rich)

    def test_p13_c_views_carry_no_metadata(self):
        for way in (views.outgoing, views.incoming):
            (entry,) = way("c", self.rich).entries
            self.assertEqual(entry, record(A, ip="1" * 63, role="a"))

    def test_t2_the_c_transport_sends_no_entries(self):
        sample = Message(b"\x01" + bytes(15), Type.MEET, 7, [record(A)])
        sent = wire.encode(views.outgoing("c-transport", sample))
        self.assertEqual(len(wire.frame(sent)), 100)
        self.assertEqual(wire.decode(sent).entries, [])
