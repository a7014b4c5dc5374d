"""Checks that the protocol defects are there, each by its number."""

import unittest

from bench import ME, A, B, C, Bench, record
from model import ZERO_ID, Record, Status, Type

UNKNOWN, JOINING, ONLINE, SUSPECT, FAILED = Status


class P1(unittest.TestCase):
    """A suspected or failed node does not come back by its own messages."""

    def bench(self, status):
        bench = Bench(record(A, heartbeat=20), record(B, heartbeat=1))
        bench.pass_time(2000 if status == SUSPECT else 8000)
        self.assertEqual(bench.status(A), status)
        return bench

    def test_own_messages_do_not_help_however_many(self):
        for status in (SUSPECT, FAILED):
            bench = self.bench(status)
            for heartbeat in range(21, 321):
                bench.now += 100
                bench.hear_ping(A, heartbeat)
                bench.hear(Type.PONG, A, record(A, heartbeat=heartbeat))
                bench.core.tick()
            self.assertEqual(bench.status(A), status)
            self.assertEqual(bench.core.find(A).heartbeat, 320)

    def test_a_suspect_that_speaks_never_fails(self):
        bench = self.bench(SUSPECT)
        for heartbeat in range(21, 321):
            bench.now += 100
            bench.hear_ping(A, heartbeat)
            bench.core.tick()
            self.assertLessEqual(bench.core.find(A).suspicion_count, 1)

    def test_a_third_party_with_a_higher_heartbeat_helps(self):
        for status in (SUSPECT, FAILED):
            bench = self.bench(status)
            bench.hear_ping(B, 2, record(A, heartbeat=20))
            self.assertEqual(bench.status(A), status)
            bench.hear_ping(B, 3, record(A, heartbeat=21))
            self.assertEqual(bench.status(A), ONLINE)

    def test_a_timestamp_below_the_own_entry_helps(self):
        for status in (SUSPECT, FAILED):
            bench = self.bench(status)
            bench.hear(Type.PING, A, record(A, heartbeat=22), timestamp=21)
            self.assertEqual(bench.status(A), ONLINE)

    def test_a_higher_epoch_helps(self):
        bench = self.bench(FAILED)
        bench.hear_ping(A, 3, config_epoch=1)
        self.assertEqual(bench.status(A), ONLINE)


class OtherDefects(unittest.TestCase):
    def test_p2_a_restarted_node_loses_to_its_old_heartbeat(self):
        bench = Bench(record(A, heartbeat=500))
        bench.pass_time(8000)
        bench.hear(Type.MEET, A, record(A, heartbeat=1))
        self.assertIn(Type.PONG, bench.kinds())
        for heartbeat in range(2, 400):
            bench.hear_ping(A, heartbeat)
        self.assertEqual((bench.status(A), bench.core.find(A).heartbeat), (FAILED, 500))

    def test_p3_a_new_id_at_an_old_address_inherits_the_failed_record(self):
        peer = Bench(record(A, heartbeat=500, status=FAILED))
        peer.hear(Type.PING, C, record(C, port=record(A).port, heartbeat=1))
        self.assertEqual([(one.id, one.status) for one in peer.core.nodes], [(C, FAILED)])
        self.assertEqual((peer.events, peer.kinds()), ([], [Type.PONG]))
        seed = Bench(record(A, heartbeat=500, status=FAILED))
        seed.hear(Type.MEET, C, record(C, port=record(A).port, heartbeat=1))
        listed = [(one.id, one.status) for one in seed.core.nodes]
        self.assertEqual(listed, [(C, FAILED), (C, ONLINE)])

    def test_p4_a_node_of_many_is_suspected_though_its_beats_arrive_by_others(self):
        bench = Bench(record(A, heartbeat=1), record(B, heartbeat=1))
        for beat in range(2, 30):
            bench.now += 100
            bench.hear_ping(B, beat, record(A, heartbeat=1))
            bench.core.tick()
        self.assertEqual((bench.status(A), bench.status(B)), (SUSPECT, ONLINE))

    def test_p5_leaving_oneself_sends_nothing(self):
        bench = Bench(record(A))
        bench.core.leave(ME)
        bench.core.leave(C)
        self.assertEqual((bench.sent, bench.events), ([], []))

    def test_p6_leave_of_another_fails_its_sender_at_the_receivers(self):
        bench = Bench(record(A), record(B, heartbeat=4), record(C, status=JOINING))
        bench.core.leave(B)
        bench.core.leave(B)
        self.assertEqual(bench.take_events(), [(B, ONLINE, FAILED), (B, FAILED, FAILED)])
        (first, target), (second, _) = bench.sent
        self.assertEqual((first.type, first.sender, target.id), (Type.LEAVE, ME, A))
        self.assertEqual([entry.status for entry in first.entries], [ONLINE])
        self.assertEqual([entry.status for entry in second.entries], [FAILED])
        receiver = Bench(record(ME), record(B, heartbeat=4))
        receiver.core.me.id = A
        receiver.core.handle_message(first)
        self.assertEqual((receiver.status(ME), receiver.status(B)), (FAILED, ONLINE))

    def test_p7_a_wrong_suspicion_spreads_to_holders_of_a_lower_heartbeat_only(self):
        for stored, status in ((8, SUSPECT), (9, ONLINE)):
            bench = Bench(record(B), record(A, heartbeat=stored))
            bench.hear_ping(B, 1, record(A, heartbeat=9, status=SUSPECT))
            self.assertEqual(bench.status(A), status)

    def test_p8_the_dead_stay_listed_and_pinged(self):
        bench = Bench(record(A))
        bench.pass_time(600_000, step=1000)
        self.assertEqual((bench.status(A), len(bench.sent)), (FAILED, 600))

    def test_p9_the_own_id_can_be_listed_gossiped_twice_and_suspected(self):
        bench = Bench(record(A))
        bench.hear_ping(A, 1, record(ME, ip="10.1.1.1"))
        bench.pass_time(2000)
        self.assertIn(SUSPECT, [one.status for one in bench.core.nodes if one.id == ME])
        self.assertEqual({target.id for _, target in bench.sent[1:]}, {A})
        self.assertEqual([entry.id for entry in bench.sent[-1][0].entries], [ME, ME])

    def test_p10_a_second_meeting_of_a_zero_id_adds_no_record(self):
        bench = Bench()
        bench.core.meet(Record(ip="127.0.0.1", port=record(A).port))
        bench.core.meet(Record(ip="127.0.0.1", port=record(B).port))
        self.assertEqual((len(bench.core.nodes), bench.kinds()), (1, [Type.MEET] * 2))
        bench.hear(Type.PONG, A, record(A, heartbeat=2))
        self.assertEqual([(one.id, one.status) for one in bench.core.nodes], [(A, ONLINE)])
        self.assertEqual(bench.events, [(ZERO_ID, UNKNOWN, JOINING), (A, JOINING, ONLINE)])

    def test_p10_another_address_text_leaves_a_phantom(self):
        bench = Bench()
        bench.core.meet(Record(ip="127.0.0.1", port=record(A).port))
        bench.hear(Type.PONG, A, record(A, ip="0.0.0.0", heartbeat=2))
        listed = [(one.id, one.status) for one in bench.core.nodes]
        self.assertEqual(listed, [(ZERO_ID, JOINING), (A, ONLINE)])

    def test_p11_one_lie_about_an_address_makes_a_duplicate(self):
        bench = Bench(record(A), record(B), record(C))
        bench.hear(Type.PING, C, record(A, port=record(B).port))
        self.assertEqual([one.id for one in bench.core.nodes], [A, A, C])
        self.assertEqual(bench.events, [])

    def test_p11_stale_gossip_renames_a_live_node_back(self):
        bench = Bench(record(A), record(B))
        bench.hear(Type.PING, B, record(C, port=record(A).port))
        self.assertEqual([one.id for one in bench.core.nodes], [C, B])

    def test_p11_a_rewrite_of_a_third_node_does_not_make_the_sender_known(self):
        bench = Bench(record(A))
        bench.hear_ping(B, 1, record(C, port=record(A).port))
        self.assertEqual([one.id for one in bench.core.nodes], [C, B])
        self.assertEqual(bench.sent, [])

    def test_p12_one_huge_timestamp_freezes_a_record(self):
        bench = Bench(record(A), record(B))
        bench.hear(Type.PING, A, timestamp=2**64 - 1)
        bench.hear_ping(B, 9, record(A, heartbeat=9, status=FAILED))
        self.assertEqual((bench.status(A), bench.core.find(A).heartbeat), (ONLINE, 2**64 - 1))

    def test_p13_an_empty_map_at_an_equal_heartbeat_erases_metadata(self):
        bench = Bench(record(B), record(A, heartbeat=3, metadata={"a": "1", "b": "2"}))
        bench.hear_ping(B, 1, record(A, heartbeat=3))
        self.assertEqual(bench.core.find(A).metadata, {})
        self.assertEqual(bench.events, [(A, ONLINE, ONLINE)])
