"""The JSON that the reader of 1.4.2 takes: comments, a byte order mark, a trailing NUL, any depth.

Python's own reader comes first because it is fast; all that it accepts with the hooks below, 1.4.2
accepts too. What it refuses goes through the tolerant reader, which has the last word.
"""

import json
import math
import re

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK = re.compile(r"(?:[ \t\n\r]+|//[^\n\r]*|/\*[\s\S]*?\*/)*")
_TOKEN = re.compile(
    r'[{}\[\],:]'
    r'|"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"'
    r'|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'
    r'|true|false|null'
)
_WORDS = {"true": True, "false": False, "null": None}


class BadJson(ValueError):
    """The bytes are no JSON text, even for a tolerant reader."""


def parse(data):
    """The value of a JSON text in bytes; raises BadJson."""
    data = data.removeprefix(_BYTE_ORDER_MARK).removesuffix(b"\0")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(str(error)) from error
    if "\\u" not in text:
        try:
            return _QUICK.decode(text)
        except (ValueError, RecursionError):
            pass
    return _parse_tolerantly(text)


def _float(text):
    number = float(text)
    if math.isinf(number):
        raise BadJson(f"{text} is too large for a number")
    return number


def _int(text):
    """An integer of 64 bits, signed or not; a longer literal is a float, as it is in 1.4.2."""
    if len(text) <= 20 and -(2**63) <= (number := int(text)) < 2**64:
        return number
    return _float(text)


def _refuse(word):
    raise BadJson(f"{word} is no JSON")


_QUICK = json.JSONDecoder(parse_float=_float, parse_int=_int, parse_constant=_refuse)


def _tokens(text):
    """Every token in turn, then "" at the end of the text."""
    at = _BLANK.match(text).end()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise BadJson(f"no JSON at character {at}")
        yield token.group()
        at = _BLANK.match(text, token.end()).end()
    yield ""


def _string(token):
    value = json.loads(token)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadJson("half of a surrogate pair") from error
    return value


def _scalar(token):
    if token.startswith('"'):
        return _string(token)
    if token in _WORDS:
        return _WORDS[token]
    if token[:1] == "-" or token[:1].isdigit():
        return _float(token) if any(sign in token for sign in ".eE") else _int(token)
    raise BadJson(f"{token or 'the end'} where a value belongs")


def _parse_tolerantly(text):
    """Reads without recursion, so depth costs memory only."""
    tokens = _tokens(text)
    whole = []
    opened, keys = [whole], [None]  # The containers around this point and the key each waits with.
    token = next(tokens)
    while True:
        # A value begins here; an empty container is one.
        if token in ("{", "["):
            inner = {} if token == "{" else []
            opened.append(inner)
            keys.append(None)
            token = next(tokens)
            if token != ("}" if inner == {} else "]"):
                if inner == {}:
                    keys[-1], token = _key(token, tokens)
                continue
        else:
            _place(opened[-1], keys[-1], _scalar(token))
            token = next(tokens)
        # A value has ended: close what closes, then go on to the next one.
        while len(opened) > 1 and token == ("}" if isinstance(opened[-1], dict) else "]"):
            inner = opened.pop()
            keys.pop()
            _place(opened[-1], keys[-1], inner)
            token = next(tokens)
        if len(opened) == 1:
            if token:
                raise BadJson(f"{token} after the end")
            return whole[0]
        if token != ",":
            raise BadJson(f"{token or 'the end'} where a comma or an end belongs")
        token = next(tokens)
        if isinstance(opened[-1], dict):
            keys[-1], token = _key(token, tokens)


def _key(token, tokens):
    """The key that `token` is, and the first token of its value."""
    if not token.startswith('"') or next(tokens) != ":":
        raise BadJson(f"{token or 'the end'} where a key and its colon belong")
    return _string(token), next(tokens)


def _place(container, key, value):
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)
