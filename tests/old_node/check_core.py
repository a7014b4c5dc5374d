"""Checks of section 4: the behaviour that is no defect, rule by rule."""

import unittest

from bench import ME, A, B, C, D, Bench, record
from model import ZERO_ID, Record, Status, Type

UNKNOWN, JOINING, ONLINE, SUSPECT, FAILED = Status


class Ticks(unittest.TestCase):
    def test_create_is_online_and_keeps_the_numbers(self):
        core = Bench(status=FAILED, heartbeat=7, version=8, config_epoch=9).core
        me = core.me
        self.assertEqual((me.status, me.heartbeat, me.version, me.config_epoch), (ONLINE, 7, 8, 9))
        self.assertIs(core.find(ME), me)

    def test_pings_three_nodes_of_any_status_with_two_others_each(self):
        statuses = (JOINING, ONLINE, SUSPECT, FAILED, 77)
        known = [record(bytes([n]) + bytes(15), status=s) for n, s in enumerate(statuses, 1)]
        bench = Bench(*known)
        pinged = set()
        for _ in range(50):
            bench.core.tick()
            targets = [target.id for _, target in bench.sent]
            self.assertEqual(len(set(targets)), 3)
            for message, target in bench.sent:
                ids = [entry.id for entry in message.entries]
                self.assertEqual((message.type, message.sender, ids[0]), (Type.PING, ME, ME))
                self.assertEqual(message.timestamp, message.entries[0].heartbeat)
                self.assertEqual(len(set(ids) - {target.id}), 3)
            pinged.update(targets)
            bench.sent.clear()
        self.assertEqual(len(pinged), len(statuses))

    def test_beats_after_the_sends_and_when_alone(self):
        bench = Bench(record(A))
        bench.core.tick()
        self.assertEqual(bench.sent[0][0].timestamp, 1)
        alone = Bench()
        alone.core.tick()
        for core in (bench.core, alone.core):
            self.assertEqual((core.me.heartbeat, core.me.version), (2, 1))

    def test_full_broadcast_goes_to_the_online_and_judges_nobody(self):
        bench = Bench(record(A), record(B, status=JOINING), record(C), record(D, status=SUSPECT))
        bench.now = 60_000
        bench.core.tick_full_broadcast()
        self.assertEqual([target.id for _, target in bench.sent], [A, C])
        self.assertEqual((bench.core.me.heartbeat, bench.events), (2, []))

    def test_one_seed_makes_one_run(self):
        known = [bytes([n]) + bytes(15) for n in range(1, 30)]
        runs = []
        for _ in range(2):
            bench = Bench(*map(record, known))
            bench.pass_time(1000)
            runs.append(bench.sent)
        self.assertEqual(*runs)


class Silence(unittest.TestCase):
    def test_suspect_after_2_s_and_failed_after_8_s(self):
        bench = Bench(record(A))
        bench.pass_time(1900)
        self.assertEqual(bench.events, [])
        bench.pass_time(100)
        self.assertEqual(bench.take_events(), [(A, ONLINE, SUSPECT)])
        bench.pass_time(5900)
        self.assertEqual(bench.events, [])
        bench.pass_time(100)
        self.assertEqual(bench.take_events(), [(A, SUSPECT, FAILED)])
        bench.pass_time(60_000)
        self.assertEqual(bench.events, [])

    def test_a_suspect_learned_from_a_peer_fails_6_s_later(self):
        bench = Bench(record(B))
        bench.hear_ping(B, 5, record(A, status=SUSPECT))
        bench.core.tick()
        self.assertEqual(bench.core.find(A).suspicion_count, 1)
        bench.take_events()
        bench.pass_time(5900)
        self.assertEqual(bench.status(A), SUSPECT)
        bench.pass_time(100)
        self.assertEqual(bench.status(A), FAILED)

    def test_joining_failed_and_unknown_numbers_stay_and_are_pinged(self):
        bench = Bench(record(A, status=JOINING), record(B, status=FAILED), record(C, status=77))
        bench.pass_time(60_000)
        self.assertEqual((bench.events, len(bench.sent)), ([], 3 * 600))


class Messages(unittest.TestCase):
    def test_a_meet_with_its_own_entry_is_stored_and_answered(self):
        for kind in (Type.MEET, Type.JOIN):
            bench = Bench(record(B))
            bench.hear(kind, A, record(A, heartbeat=3))
            self.assertEqual(bench.events, [(A, UNKNOWN, ONLINE)])
            ((pong, target),) = bench.sent
            self.assertEqual((pong.type, pong.timestamp, target.id), (Type.PONG, 1, A))
            self.assertEqual([entry.id for entry in pong.entries], [ME, B])
            self.assertEqual((bench.core.received, bench.core.sent), (1, 1))

    def test_a_meet_of_unknown_status_joins_and_is_online_at_once(self):
        bench = Bench()
        bench.hear(Type.MEET, A, record(A, status=UNKNOWN))
        self.assertEqual(bench.events, [(A, UNKNOWN, JOINING), (A, JOINING, ONLINE)])

    def test_a_meet_without_its_own_entry_stores_the_others_and_gets_no_answer(self):
        bench = Bench()
        bench.hear(Type.MEET, A, record(B))
        self.assertEqual(([node.id for node in bench.core.nodes], bench.sent), ([B], []))

    def test_the_first_ping_of_an_unknown_node_only_lists_it(self):
        bench = Bench()
        bench.hear_ping(A, 5, record(B, status=77))
        self.assertEqual((bench.kinds(), bench.status(A), bench.status(B)), ([], ONLINE, 77))
        self.assertEqual(bench.core.find(A).version, 0)
        bench.hear_ping(A, 6)
        self.assertEqual(bench.kinds(), [Type.PONG])
        self.assertEqual(bench.core.find(A).version, 1)

    def test_a_known_sender_is_refreshed(self):
        bench = Bench(record(A, heartbeat=5))
        bench.now = 1500
        bench.hear(Type.UPDATE, A, timestamp=3)
        self.assertEqual(bench.core.find(A).heartbeat, 5)
        bench.hear(200, A, timestamp=9)
        found = bench.core.find(A)
        self.assertEqual((found.heartbeat, found.version, found.seen_time), (9, 2, 1500))
        self.assertEqual((bench.sent, bench.core.received), ([], 2))

    def test_a_joining_node_is_online_when_it_answers(self):
        bench = Bench(record(A, status=JOINING))
        bench.hear(Type.PONG, A, timestamp=1)
        self.assertEqual((bench.events, bench.sent), ([(A, JOINING, ONLINE)], []))

    def test_leave_fails_its_sender_once(self):
        bench = Bench(record(A), record(B, status=JOINING))
        bench.hear(Type.LEAVE, A)
        bench.hear(Type.LEAVE, A)
        self.assertEqual(bench.take_events(), [(A, ONLINE, FAILED)])
        bench.hear(Type.LEAVE, B)
        self.assertEqual(bench.take_events(), [(B, JOINING, ONLINE), (B, JOINING, FAILED)])

    def test_a_zero_length_frame_says_nothing(self):
        bench = Bench()
        bench.hear(Type.PING, ZERO_ID)
        self.assertEqual((bench.core.received, bench.core.nodes, bench.sent), (1, [], []))

    def test_the_answer_goes_to_the_stored_address(self):
        bench = Bench(record(A, port=1, heartbeat=9))
        bench.hear_ping(A, 9, port=2)
        self.assertEqual(bench.sent[0][1].port, 1)


class Updates(unittest.TestCase):
    """The update rule, by entries that a known peer sends about a third node."""

    def merged(self, stored, entry):
        bench = Bench(record(B), record(A, **stored))
        bench.now = 500
        bench.hear(Type.PONG, B, record(A, **entry), timestamp=1)
        return bench, bench.core.nodes[1]

    def test_a_higher_heartbeat_or_epoch_overwrites_all(self):
        old = {"heartbeat": 5, "config_epoch": 5, "metadata": {"k": "v"}, "version": 90}
        for newer in ({"heartbeat": 6, "config_epoch": 5}, {"heartbeat": 0, "config_epoch": 6}):
            entry = newer | {"status": FAILED, "port": 1, "suspicion_count": 2, "version": 3}
            bench, found = self.merged(old, entry)
            self.assertEqual(bench.events, [(A, ONLINE, FAILED)])
            self.assertEqual(found, record(A, **entry, seen_time=500))

    def test_a_lower_one_changes_nothing(self):
        for stored, entry in (
            ({"heartbeat": 5}, {"heartbeat": 4}),
            ({"config_epoch": 5}, {"config_epoch": 4, "heartbeat": 99}),
        ):
            bench, found = self.merged(stored, entry | {"status": FAILED, "metadata": {"k": "v"}})
            self.assertEqual((found, bench.events), (record(A, **stored, seen_time=0), []))

    def test_equal_ones_change_metadata_alone(self):
        bench, found = self.merged({}, {"status": FAILED, "version": 9, "metadata": {"k": "v"}})
        self.assertEqual(found, record(A, metadata={"k": "v"}, seen_time=0))
        self.assertEqual(bench.events, [(A, ONLINE, ONLINE)])

    def test_unknown_becomes_joining(self):
        bench, _ = self.merged({"status": FAILED}, {"status": UNKNOWN, "heartbeat": 1})
        self.assertEqual(bench.events, [(A, FAILED, JOINING)])

    def test_a_quiet_replacement_fires_nothing(self):
        bench, found = self.merged({}, {"heartbeat": 1})
        self.assertEqual((bench.events, found.seen_time), ([], 500))


class Calls(unittest.TestCase):
    def test_meet_and_join_list_a_node_once_and_always_send(self):
        for call, kind in (("meet", Type.MEET), ("join", Type.JOIN)):
            bench = Bench()
            getattr(bench.core, call)(Record(id=A, ip="127.0.0.1", port=1))
            getattr(bench.core, call)(Record(id=A, ip="127.0.0.1", port=2))
            getattr(bench.core, call)(Record(id=ME, ip="127.0.0.1", port=3))
            self.assertEqual(bench.events, [(A, UNKNOWN, JOINING)])
            self.assertEqual([target.port for _, target in bench.sent], [1, 2])
            self.assertEqual(bench.core.find(A).port, 1)
            for message, _ in bench.sent:
                self.assertEqual((message.type, message.entries), (kind, [bench.core.me]))

    def test_reset_forgets_the_list_and_keeps_the_rest(self):
        bench = Bench(record(A), config_epoch=4, metadata={"k": "v"})
        bench.pass_time(500)
        bench.core.reset()
        me = bench.core.me
        self.assertEqual((me.heartbeat, me.version, me.config_epoch), (1, 0, 4))
        self.assertEqual((me.metadata, bench.core.nodes, bench.core.sent), ({"k": "v"}, [], 0))
        self.assertEqual(bench.events, [])

    def test_metadata_merges_and_beats(self):
        bench = Bench(metadata={"k": "v"})
        bench.core.update_self_metadata([("k", "w"), ("status", "4"), ("x", None), (None, "y")])
        me = bench.core.me
        self.assertEqual(me.metadata, {"k": "w", "status": "4"})
        self.assertEqual((me.heartbeat, me.version, me.status), (2, 1, ONLINE))
        bench.core.update_self_metadata([(None, None)])
        self.assertEqual(me.heartbeat, 3)
        bench.core.update_self_metadata([])
        self.assertEqual(me.heartbeat, 3)

    def test_the_epoch_is_read_as_strtoull_does(self):
        for text, epoch in (
            ("3", 3),
            ("-1", 2**64 - 1),
            (" 12xyz", 12),
            ("x", 7),
            ("", 7),
            (str(2**64), 7),
        ):
            bench = Bench(config_epoch=7)
            bench.core.update_self_metadata([("config_epoch", text)])
            self.assertEqual(bench.core.me.config_epoch, epoch)
            self.assertEqual(bench.core.me.metadata, {"config_epoch": text})

    def test_the_sent_counter_counts_every_message(self):
        bench = Bench(record(A), record(B))
        bench.core.tick()
        bench.hear_ping(A, 1)
        bench.core.meet(record(C))
        self.assertEqual((bench.core.sent, len(bench.sent)), (4, 4))
