"""A decoder of packets, written from docs/WIRE.md alone: it knows nothing of the Rust code.

python3 decode.py VECTORS reads each packet of a file of vectors and compares what it says.
Python 3.9 or later, the standard library alone.
"""

import json
import sys

MESSAGE_BYTES = 1 << 20
ENTRIES = 1024
METADATA_BYTES = 65536
PACKED_BYTES = 131072
KINDS = range(10)
STATUSES = range(6)
KNOWN_FLAGS = 0b0111_1110
STRICT_FLAGS = 0x0FFF


class Refused(Exception):
    """A packet that is not read: the kind of the error, and an offset where it has one."""

    def __init__(self, kind, offset=None):
        super().__init__(kind, offset)
        self.kind = kind
        self.offset = offset


def invalid(offset):
    return Refused("invalid", offset)


def fnv32(data):
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def fnv64(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x00000100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def label(name):
    return 0 if not name else max(fnv32(name.encode()), 1)


class Reader:
    """Reads from the front of a packet; each method fails where its item begins."""

    def __init__(self, packet, at=0, end=None):
        self.packet = packet
        self.at = at
        self.end = len(packet) if end is None else end

    def fixed(self, count):
        if self.end - self.at < count:
            raise invalid(self.at)
        self.at += count
        return self.packet[self.at - count : self.at]

    def byte(self):
        return self.fixed(1)[0]

    def little(self, count):
        return int.from_bytes(self.fixed(count), "little")

    def number(self, bits=64):
        start, value, shift = self.at, 0, 0
        while True:
            if self.at >= self.end:
                raise invalid(start)
            byte = self.packet[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= 70:
                raise invalid(start)
        shortest = byte != 0 or shift == 7
        if not shortest or value >> bits:
            raise invalid(start)
        return value

    def counted(self):
        start = self.at
        count = self.number()
        if count > self.end - self.at:
            raise invalid(start)
        return self.fixed(count)

    def text(self):
        start = self.at
        try:
            count = self.byte()
            if count > 63:
                raise invalid(start)
            return self.fixed(count).decode("utf-8")
        except (Refused, UnicodeDecodeError):
            raise invalid(start) from None

    def reference(self):
        start = self.at
        place = self.number()
        try:
            return Reader(self.packet, place, start).text()
        except Refused:
            raise invalid(start) from None

    def stamp(self):
        start = self.at
        count = self.number()
        if count > PACKED_BYTES:
            raise invalid(start)
        return {"bytes": count, "hash": self.little(8)}


def ipv4(octets):
    return ".".join(str(octet) for octet in octets)


def ipv6(octets):
    if octets[:12] == bytes(10) + b"\xff\xff":
        return "::ffff:" + ipv4(octets[12:])
    groups = [int.from_bytes(octets[i : i + 2], "big") for i in range(0, 16, 2)]
    best_start, best_count = 0, 0
    for start in range(8):
        count = 0
        while start + count < 8 and groups[start + count] == 0:
            count += 1
        if count > best_count:
            best_start, best_count = start, count
    texts = [format(group, "x") for group in groups]
    if best_count < 2:
        return ":".join(texts)
    return ":".join(texts[:best_start]) + "::" + ":".join(texts[best_start + best_count :])


def unpack(packed):
    """The pairs of packed metadata; None if it is none."""
    reader = Reader(packed)
    pairs, last, total = {}, None, 0
    try:
        while reader.at < len(packed):
            key, value = reader.counted(), reader.counted()
            if last is not None and key <= last:
                return None
            last = key
            total += len(key) + len(value)
            pairs[key.decode("utf-8")] = value.decode("utf-8")
    except (Refused, UnicodeDecodeError):
        return None
    return pairs if total <= METADATA_BYTES else None


def read_metadata(reader):
    start = reader.at
    word = reader.byte()
    if word == 0:
        packed = reader.counted()
        pairs = unpack(packed)
        if pairs is None:
            raise invalid(start)
        return {"whole": {"bytes": len(packed), "hash": fnv64(packed), "pairs": pairs}}
    if word == 1:
        return {"apart": reader.stamp()}
    if word == 2:
        stamp = reader.stamp()
        index = reader.byte()
        content = reader.counted()
        if index > 127 or len(content) > 1024:
            raise invalid(start)
        return {"slice": {**stamp, "index": index, "content": content.hex()}}
    raise invalid(start)


def read_configuration(reader):
    start = reader.at
    shape = reader.byte()
    if shape & 0b1100_0000:
        raise invalid(start)
    version = reader.number()
    if shape & 0b100:
        raw = reader.number(32)
        port = raw // 2 if raw % 2 == 0 else -(raw + 1) // 2
    else:
        port = reader.little(2)
    form = shape & 0b11
    if form == 0:
        ip = reader.text()
    elif form == 1:
        ip = ipv4(reader.fixed(4))
    elif form == 2:
        ip = ipv6(reader.fixed(16))
    else:
        ip = reader.reference()
    role = reader.reference() if shape & 0b1000 else reader.text()
    region = reader.reference() if shape & 0b1_0000 else reader.text()
    return {
        "version": version,
        "port": port,
        "ip": ip,
        "role": role,
        "region": region,
        "reads_packets": shape & 0b10_0000 != 0,
    }


def read_entry(reader, sender):
    start = reader.at
    first = reader.byte()
    status = first & 0b111
    if first & 0b1100_0000 or status not in STATUSES:
        raise invalid(start)
    whose = sender if first & 0b1_0000 else reader.fixed(16).hex()
    heartbeat = reader.number()
    config_epoch = reader.number()
    distance = reader.number()
    return {
        "id": whose,
        "status": status,
        "heartbeat": heartbeat,
        "config_epoch": config_epoch,
        "config_heartbeat": (heartbeat - distance) % (1 << 64),
        "configuration": read_configuration(reader) if first & 0b1000 else None,
        "metadata": read_metadata(reader) if first & 0b10_0000 else None,
    }


def read_sync(reader):
    start = reader.at
    word = reader.byte()
    if word in (1, 2):
        prefix = reader.byte() if word == 2 else None
        return {"digest": {"prefix": prefix, "hashes": [reader.little(4) for _ in range(16)]}}
    if word == 3:
        return {"request": {"prefix": reader.byte(), "buckets": reader.little(2)}}
    if word == 4:
        whose = reader.fixed(16).hex()
        stamp = reader.stamp()
        return {"metadata": {"id": whose, **stamp, "parts": reader.little(16)}}
    raise invalid(start)


def decode(packet, cluster):
    """What a packet says to a reader whose label is `cluster`."""
    if len(packet) > MESSAGE_BYTES:
        raise Refused("too large")
    if packet[:1] != b"\xc1":
        raise invalid(0)
    if len(packet) > 1 and not 1 <= packet[1] <= 15:
        raise Refused("version")
    if len(packet) < 22:
        raise invalid(len(packet))
    reader = Reader(packet, 1)
    version, flags, counted = reader.byte(), reader.little(2), reader.little(2)
    if flags & STRICT_FLAGS & ~KNOWN_FLAGS:
        raise Refused("flags")
    kind, count = counted & 15, counted >> 4
    if kind not in KINDS or count > ENTRIES:
        raise invalid(4)
    sender = reader.fixed(16).hex()

    def has(flag):
        return flags >> flag & 1

    theirs = 0
    if has(1):
        start = reader.at
        theirs = reader.little(4)
        if theirs == 0:
            raise invalid(start)
    nonce = reader.little(8) if has(2) else 0
    interval = reader.number(32) if has(3) else 0
    wire = max(version, reader.byte() if has(4) else 0)
    sync = read_sync(reader) if has(5) else None
    entries = [read_entry(reader, sender) for _ in range(count)]
    if has(6):
        timestamp = reader.number()
    else:
        own = [entry["heartbeat"] for entry in entries if entry["id"] == sender]
        timestamp = (own[0] - 1) % (1 << 64) if own else 0
    if has(13):
        reader.counted()
    if reader.at != len(packet):
        raise invalid(reader.at)
    if theirs != cluster:
        raise Refused("cluster")
    return {
        "sender": sender,
        "kind": kind,
        "timestamp": timestamp,
        "nonce": nonce,
        "interval_us": interval,
        "wire": wire,
        "wants": bool(has(12)),
        "sync": sync,
        "entries": entries,
    }


def answer(vector):
    try:
        return {"message": decode(bytes.fromhex(vector["hex"]), vector["cluster"])}
    except Refused as refused:
        kind = {"error": refused.kind}
        return kind if refused.offset is None else {**kind, "offset": refused.offset}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        vectors = json.load(file)["vectors"]
    assert label("blue") == 0x82FBF5CD and label("") == 0
    failed = 0
    for vector in vectors:
        expected = {key: vector[key] for key in ("message", "error", "offset") if key in vector}
        found = answer(vector)
        if found != expected:
            failed += 1
            print(f"{vector['name']}:\n  found    {found}\n  expected {expected}")
    print(f"{len(vectors)} vectors, {failed} read otherwise")
    return 1 if failed or not vectors else 0


if __name__ == "__main__":
    sys.exit(main())
