"""Section 3: frames, the JSON an old node emits byte for byte, and the reader's tolerance."""

import json
import re

import jsontext
from model import MASK_64, ZERO_ID, Message, Record

PREFIX = 4
_PART = re.compile(r"\s*([+-]?)(?:0[xX])?([0-9a-fA-F]+)")


class WireError(ValueError):
    """Error 2 of the serializer, in either direction."""


def frame(payload):
    """A payload behind its big-endian length."""
    return len(payload).to_bytes(PREFIX, "big") + payload


def split_frames(data):
    """The payloads of one datagram or one read; an incomplete last frame is dropped."""
    payloads, at = [], 0
    while at + PREFIX <= len(data):
        start = at + PREFIX
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data):
            break
        payloads.append(bytes(data[start:end]))
        at = end
    return payloads


def encode(message):
    """A message as compact JSON with its keys in byte order; WireError if a text is not UTF-8."""
    value = {
        "entries": [_entry_value(entry) for entry in message.entries],
        "sender": id_text(message.sender),
        "timestamp": message.timestamp,
        "type": int(message.type),
    }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WireError(str(error)) from error


def decode(payload):
    """The message in a payload, with whatever it lacks at its default; raises WireError."""
    if not payload:
        return Message()
    try:
        value = jsontext.parse(payload)
    except jsontext.BadJson as error:
        raise WireError(str(error)) from error
    message = Message()
    if not isinstance(value, dict):
        return message
    if isinstance(value.get("sender"), str):
        message.sender = id_of_text(value["sender"])
    if _is_number(value.get("type")):
        message.type = _signed_32(value["type"]) & 0xFF
    if _is_number(value.get("timestamp")):
        message.timestamp = _unsigned_64(value["timestamp"])
    if isinstance(value.get("entries"), list):
        message.entries = [_entry_of_value(entry) for entry in value["entries"]]
    return message


def id_text(node_id):
    """The 47 characters of an id: two digits a byte, joined by commas."""
    return node_id.hex(",")


def id_of_text(text):
    """The id in a text; what cannot be read ends it and leaves the rest zero."""
    data = bytearray()
    for part in text.split(",")[: len(ZERO_ID)]:
        match = _PART.match(part)
        if match is None:
            break
        number = int(match[2], 16) * (-1 if match[1] == "-" else 1)
        if not -(2**31) <= number < 2**31:
            break
        data.append(number & 0xFF)
    return bytes(data).ljust(len(ZERO_ID), b"\0")


def _entry_value(entry):
    return {
        "config_epoch": entry.config_epoch,
        "heartbeat": entry.heartbeat,
        "id": id_text(entry.id),
        "ip": entry.ip,
        "metadata": entry.metadata,
        "port": entry.port,
        "region": entry.region,
        "role": entry.role,
        "status": int(entry.status),
        "suspicion_count": entry.suspicion_count,
        "version": entry.version,
    }


def _entry_of_value(value):
    """An entry read field by field in the reader's order up to the first of a wrong type.

    What is no object is a blank entry, and it is delivered all the same.
    """
    entry = Record()
    if not isinstance(value, dict):
        return entry
    if isinstance(value.get("id"), str):
        entry.id = id_of_text(value["id"])
    for name, fits, convert in _FIELDS:
        if name not in value:
            continue
        if not fits(value[name]):
            break
        setattr(entry, name, convert(value[name]))
    return entry


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text(value):
    return isinstance(value, str)


def _is_text_map(value):
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _unsigned_64(number):
    """A number as 64 bits. A float beyond them is undefined in 1.4.2; here it is 0."""
    return _truncated(number) & MASK_64


def _signed_32(number):
    low = _truncated(number) & 0xFFFF_FFFF
    return low - 2**32 if low >= 2**31 else low


def _truncated(number):
    return int(number) if -(2.0**63) <= number < 2**64 else 0


_FIELDS = (
    ("ip", _is_text, str),
    ("port", _is_number, _signed_32),
    ("config_epoch", _is_number, _unsigned_64),
    ("heartbeat", _is_number, _unsigned_64),
    ("version", _is_number, _unsigned_64),
    ("status", _is_number, _signed_32),
    ("role", _is_text, str),
    ("region", _is_text, str),
    ("metadata", _is_text_map, dict),
    ("suspicion_count", _is_number, _signed_32),
)
