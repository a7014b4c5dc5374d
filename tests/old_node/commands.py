"""The commands on standard input, each answered by one JSON object."""

import ipaddress

from model import Record, Status, name_of


def answer(node, line):
    """Runs one command line on a node; gives the object to print."""
    word, _, rest = line.strip().partition(" ")
    command = _COMMANDS.get(word)
    if command is None:
        return {"answer": word, "ok": False, "error": "no such command"}
    try:
        values = command(node, rest.strip()) or {}
    except ValueError as error:
        return {"answer": word, "ok": False, "error": str(error)}
    return {"answer": word, "ok": True} | values


def view_of_address(text):
    """The record of a node known by its address only: it has the zero id (P10)."""
    ip, _, port = text.rpartition(":")
    ip = ip.strip("[]")
    ipaddress.ip_address(ip)
    return Record(ip=ip, port=int(port))


def pair_of(text):
    """The key and the value of `k=v`."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is no k=v")
    return key, value


def id_of_hex(text):
    """The id written as 32 hex digits."""
    node_id = bytes.fromhex(text)
    if len(node_id) != 16:
        raise ValueError(f"{text!r} is not 32 hex digits")
    return node_id


def _list(node, _rest):
    return {"self": _facts(node.core.me), "records": [_facts(one) for one in node.core.nodes]}


def _facts(record):
    return {
        "id": record.id.hex(),
        "ip": record.ip,
        "port": record.port,
        "status": name_of(Status, record.status),
        "heartbeat": record.heartbeat,
        "config_epoch": record.config_epoch,
        "version": record.version,
        "suspicion_count": record.suspicion_count,
        "metadata": record.metadata,
        "role": record.role,
        "region": record.region,
    }


def _stats(node, _rest):
    counters = node.transport.stats.as_dict()
    return counters | {"core_sent": node.core.sent, "core_received": node.core.received}


def _pause(node, _rest):
    node.transport.paused = True


def _resume(node, _rest):
    node.transport.paused = False


def _quit(node, _rest):
    node.running = False


_COMMANDS = {
    "list": _list,
    "stats": _stats,
    "meet": lambda node, rest: node.core.meet(view_of_address(rest)),
    "join": lambda node, rest: node.core.join(view_of_address(rest)),
    "leave": lambda node, rest: node.core.leave(id_of_hex(rest)),
    "metadata": lambda node, rest: node.core.update_self_metadata([pair_of(rest)]),
    "tick": lambda node, _rest: node.core.tick(),
    "broadcast": lambda node, _rest: node.core.tick_full_broadcast(),
    "reset": lambda node, _rest: node.core.reset(),
    "pause": _pause,
    "resume": _resume,
    "quit": _quit,
}
