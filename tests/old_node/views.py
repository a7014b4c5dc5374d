"""What the layers of 1.4.2 do to a message on its way between the core and the socket.

- `cpp`: C++ programs such as the manager. Metadata and suspicion counts travel.
- `c`: C structs both ways, then the JSON serializer (P13): no metadata, no suspicion count, texts
  of at most 63 bytes that end at a NUL.
- `c-transport`: as the transport of the C API sends (T2): no entries at all, so no cluster (T3).
"""

import dataclasses

from model import Message

LAYERS = ("cpp", "c", "c-transport")
_LONGEST_TEXT = 63


def outgoing(layer, message):
    """A message as the serializer gets it."""
    if layer == "c-transport":
        return dataclasses.replace(message, entries=[])
    return _through_c(message) if layer == "c" else message


def incoming(layer, message):
    """A message as the core gets it; the C transport hands it over without C structs."""
    return _through_c(message) if layer == "c" else message


def _through_c(message):
    entries = [
        dataclasses.replace(
            entry,
            ip=_c_text(entry.ip),
            role=_c_text(entry.role),
            region=_c_text(entry.region),
            metadata={},
            suspicion_count=0,
        )
        for entry in message.entries
    ]
    return Message(message.sender, message.type, message.timestamp, entries)


def _c_text(text):
    data = text.encode("utf-8", "surrogateescape").split(b"\0")[0][:_LONGEST_TEXT]
    return data.decode("utf-8", "surrogateescape")
