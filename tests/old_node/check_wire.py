"""Checks of section 3: the recorded messages byte for byte, and the reader's table row by row."""

import pathlib
import unittest

import jsontext
import wire
from bench import A
from model import ZERO_ID, Message, Record, Type

SAMPLES = pathlib.Path(__file__).parent.parent / "data" / "wire-1.4.2"
SELF = Record(
    id=bytes.fromhex("00112233445566778899aabbccddeeff"),
    ip="127.0.0.1",
    port=19001,
    config_epoch=1,
    heartbeat=1,
    version=1,
    status=2,
    role="master",
    region="eu-west-1",
    metadata={"slots": "0-5460", "app": 'demo "q" \\ é'},
)
FIRST = Record(
    id=b"\xa0" + bytes(15),
    ip="10.0.0.7",
    port=7946,
    config_epoch=1,
    heartbeat=40,
    version=9,
    status=2,
)
SECOND = Record(
    id=b"\xa1" + bytes(14) + b"\x01",
    ip="10.0.0.8",
    port=7946,
    config_epoch=1,
    heartbeat=41,
    version=9,
    status=2,
    role="replica",
    metadata={"k": "v"},
)
BEATEN = Record(**(vars(SELF) | {"heartbeat": 2, "version": 2}))
RECORDED = {
    "meet": Message(SELF.id, Type.MEET, 1, [SELF]),
    "ping3": Message(SELF.id, Type.PING, 1, [SELF, FIRST, SECOND]),
    "pong": Message(SELF.id, Type.PONG, 2, [BEATEN, SECOND, FIRST]),
    "leave": Message(SELF.id, Type.LEAVE, 2, [FIRST]),
    "c_transport_meet_1entry": Message(b"\x01" + bytes(15), Type.MEET, 7, []),
}


def decode(text):
    return wire.decode(text if isinstance(text, bytes) else text.encode())


def entry(text):
    """The only entry of a message that has the given JSON as entry."""
    (one,) = decode('{"entries":[%s]}' % text).entries
    return one


class Recorded(unittest.TestCase):
    def test_every_recorded_message_is_known(self):
        self.assertEqual(sorted(RECORDED), sorted(path.stem for path in SAMPLES.glob("*.bin")))

    def test_encodes_each_byte(self):
        for name, message in RECORDED.items():
            with self.subTest(name):
                payload = wire.encode(message)
                self.assertEqual(payload, (SAMPLES / f"{name}.json").read_bytes())
                self.assertEqual(wire.frame(payload), (SAMPLES / f"{name}.bin").read_bytes())

    def test_decodes_each_field(self):
        for name, message in RECORDED.items():
            with self.subTest(name):
                (payload,) = wire.split_frames((SAMPLES / f"{name}.bin").read_bytes())
                self.assertEqual(wire.decode(payload), message)


class Frames(unittest.TestCase):
    def test_a_datagram_holds_several_and_drops_an_incomplete_last(self):
        whole = wire.frame(b"{}") + wire.frame(b"[]")
        self.assertEqual(wire.split_frames(whole), [b"{}", b"[]"])
        self.assertEqual(wire.split_frames(whole[:-1]), [b"{}"])
        self.assertEqual(wire.split_frames(b"\xff\xff\xff\xff{}"), [])

    def test_zero_bytes_are_one_message_for_each_four(self):
        for size, frames in ((0, 0), (1, 0), (4, 1), (4000, 1000), (65507, 16376)):
            self.assertEqual(len(wire.split_frames(bytes(size))), frames)
        self.assertEqual(wire.decode(b""), Message())


class Texts(unittest.TestCase):
    def test_escapes_are_those_of_the_old_writer(self):
        value = wire.encode(Message(entries=[Record(role='\x01\n\t\b\f\r/"\\\x7fé')]))
        self.assertIn('"role":"\\u0001\\n\\t\\b\\f\\r/\\"\\\\\x7fé"'.encode(), value)

    def test_a_text_that_is_not_utf8_cannot_be_sent(self):
        for facts in ({"role": "\udce9"}, {"ip": "\udce9"}, {"metadata": {"k": "\udce9"}}):
            with self.assertRaises(wire.WireError):
                wire.encode(Message(entries=[Record(**facts)]))


class Reader(unittest.TestCase):
    """The table of what the reader accepts."""

    def test_what_is_no_object_is_an_all_default_message(self):
        for text in ("", "{}", "null", "[]", "5", '"x"'):
            self.assertEqual(decode(text), Message(), text)

    def test_bad_json_is_an_error(self):
        bad = (
            "{", "}", "[1", "[1,]", '{"a":1,}', "{} x", "{}{}", "{a:1}", "{'a':1}", "nul", "1e400",
            "[1e400]", "9" * 400, "9" * 5000, "NaN", "[Infinity]", "-", "01", "+1", ".5", '"\n"',
            '"\\x"', '"', '{"a"}', '{"a":}', '{"a" 1}', "[1 2]", "/* {}", '"\\ud800"', "[,]",
            b'"\xff"', b'"\xed\xa0\x80"', b"{}\0\0",
        )
        for text in bad:
            with self.subTest(text[:20]), self.assertRaises(wire.WireError):
                decode(text)

    def test_comments_mark_blanks_nul_and_unknown_keys_are_ignored(self):
        body = b'/* a */ {"type": // b\n 2, "x": {"y": [1, {"z": null}]}} // c'
        for text in (body, b"\xef\xbb\xbf" + body, b" \r\n\t" + body + b"\n ", b'{"type":2}\0'):
            self.assertEqual(decode(text), Message(type=2), text)
        self.assertEqual(decode('{"sender":"0a//"} // x').sender, A)

    def test_the_last_of_duplicate_keys_wins(self):
        for comment in ("", "/**/"):
            self.assertEqual(decode('{"type":1,"type":4%s}' % comment).type, 4)

    def test_types_are_cut_to_eight_bits(self):
        rows = (("6", 6), ("256", 0), ("-1", 255), ("300", 44), ("1.9", 1), ("1e300", 0))
        for text, number in rows:
            self.assertEqual(decode('{"type":%s}' % text).type, number)
        for text in ('"2"', "true", "null", "[2]", "{}"):
            self.assertEqual(decode('{"type":%s}' % text).type, 0)

    def test_timestamps_are_cut_to_sixty_four_bits(self):
        rows = (("-1", 2**64 - 1), ("1.5", 1), (str(2**64 - 1), 2**64 - 1), ('"5"', 0), ("true", 0))
        for text, number in rows:
            self.assertEqual(decode('{"timestamp":%s}' % text).timestamp, number)

    def test_ids_are_read_as_far_as_they_go(self):
        rows = (
            ("100", "00"),
            ("1fzz", "1f"),
            ("-1", "ff"),
            ("0x1f", "1f"),
            (" 0a , 0b\t,0c", "0a0b0c"),
            ("01,,02", "01"),
            ("01,zz,02", "01"),
            ("01,100000000,02", "01"),
            ("", ""),
            ("00112233445566778899aabbccddeeff", ""),
            ("0b," * 16 + "0c", "0b" * 16),
        )
        for text, digits in rows:
            self.assertEqual(wire.id_of_text(text), bytes.fromhex(digits).ljust(16, b"\0"), text)
        self.assertEqual(decode('{"sender":7}').sender, ZERO_ID)

    def test_entries_that_are_no_array_are_none_and_no_object_is_a_blank_entry(self):
        self.assertEqual(decode('{"entries":{"id":"01"}}').entries, [])
        for text in ("1", "null", "[]", '"x"', "{}"):
            self.assertEqual(entry(text), Record(), text)

    def test_the_first_field_of_a_wrong_type_ends_the_entry(self):
        fields = (
            ("ip", '"::1"', "1"),
            ("port", "9", '"9"'),
            ("config_epoch", "9", "null"),
            ("heartbeat", "9", "{}"),
            ("version", "9", "[]"),
            ("status", "3", '"3"'),
            ("role", '"r"', "7"),
            ("region", '"g"', "7"),
            ("metadata", '{"k":"v"}', '"k"'),
            ("suspicion_count", "9", '"9"'),
        )
        for bad in range(len(fields)):
            pairs = ['"id":"0a"']
            for at, (name, good, wrong) in enumerate(fields):
                pairs.insert(0, '"%s":%s' % (name, wrong if at == bad else good))
            read = vars(entry("{%s}" % ",".join(pairs)))
            for at, (name, _, _) in enumerate(fields):
                is_default = read[name] == getattr(Record(), name)
                self.assertEqual(is_default, at >= bad, (name, bad))
            self.assertEqual(read["id"], A)

    def test_an_id_of_a_wrong_type_is_skipped_alone(self):
        self.assertEqual(entry('{"id":5,"port":9}'), Record(port=9))

    def test_one_bad_metadata_value_loses_all_of_it(self):
        read = entry('{"role":"r","metadata":{"a":"b","c":1}}')
        self.assertEqual(read, Record(role="r"))

    def test_numbers_of_an_entry_are_taken_as_they_are(self):
        for name, text, number in (
            ("port", "-8", -8),
            ("port", "70000", 70000),
            ("port", str(2**40 + 1), 1),
            ("status", "99", 99),
            ("status", "-1", -1),
            ("status", str(2**31), -(2**31)),
            ("heartbeat", "-1", 2**64 - 1),
        ):
            self.assertEqual(getattr(entry('{"%s":%s}' % (name, text)), name), number)

    def test_depth_and_number_do_no_harm(self):
        depth = 100_000
        nested = '{"x":%s1%s,"type":3}' % ("[" * depth, "]" * depth)
        self.assertEqual(decode(nested).type, 3)
        with self.assertRaises(wire.WireError):
            decode("[" * depth)
        self.assertEqual(len(decode('{"entries":[%s{}]}' % ("{}," * 50_000)).entries), 50_001)
        keys = ",".join('"%d":""' % key for key in range(100_000))
        self.assertEqual(len(entry('{"metadata":{%s}}' % keys).metadata), 100_000)

    def test_the_two_readers_agree(self):
        for path in SAMPLES.glob("*.json"):
            plain = path.read_bytes()
            self.assertEqual(jsontext.parse(plain), jsontext.parse(plain + b"//"))
        for text in ("-0", "1.5e3", str(2**64), str(-(2**63)), "[]", "[[],{}]", '{"":[{}]}'):
            self.assertEqual(jsontext.parse(text.encode()), jsontext.parse(text.encode() + b"//"))
        self.assertEqual(jsontext.parse(b'"\\u00e9\\ud83d\\ude00"'), "é\U0001f600")
