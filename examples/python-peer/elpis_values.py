"""Errors, and values of the hub that msgpack has no type for: see "Values" in docs/protocol.md.

Dates come as msgpack.Timestamp, since those of JavaScript go beyond datetime; what is not known as msgpack.ExtType.
"""
from datetime import datetime

import msgpack

UNDEFINED = type("Undefined", (), {"__repr__": lambda _: "UNDEFINED", "__bool__": lambda _: False})()
Map = type("Map", (list,), {"__doc__": "A Map of JavaScript: pairs, because its keys may be anything."})
Set = type("Set", (list,), {"__doc__": "A Set of JavaScript."})


class ElpisError(Exception):
    """What went wrong, with a code to test: of the other side, or one of docs/reference/errors.md."""

    def __init__(self, code, message, name="ElpisError", details=None):
        super().__init__(message)
        self.code, self.name, self.details = code, name, details


def pack(value):
    return msgpack.packb(_plain(value))


def unpack(body):
    return msgpack.unpackb(body, ext_hook=_from_ext) if body else UNDEFINED


def error_data(error):
    parts = {key: getattr(error, key, None) for key in ("code", "details")}
    name = getattr(error, "name", None) or type(error).__name__
    return {"name": name, "message": str(error), **{k: v for k, v in parts.items() if v is not None}}


def _plain(value):
    if value is UNDEFINED:
        return msgpack.ExtType(0, b"\0")
    if isinstance(value, Map):
        return msgpack.ExtType(1, pack([part for pair in value for part in pair]))
    if isinstance(value, (Set, set, frozenset)):
        return msgpack.ExtType(2, pack(list(value)))
    if isinstance(value, BaseException):
        return msgpack.ExtType(3, pack(error_data(value)))
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys must be text; use Map")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not isinstance(value, msgpack.ExtType):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return msgpack.Timestamp.from_datetime(value)
    if isinstance(value, int) and not -(2**31) <= value < 2**32:
        if abs(value) < 2**53:
            return float(value)  # so that it arrives as a number; larger ones arrive as bigint
        if not -(2**63) <= value < 2**64:
            return msgpack.ExtType(4, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    return value


def _from_ext(kind, data):
    if kind == 0:
        return UNDEFINED
    if kind == 1:
        flat = unpack(data)
        return Map((flat[at], flat[at + 1]) for at in range(0, len(flat), 2))
    if kind == 2:
        return Set(unpack(data))
    if kind == 3:
        return to_error(unpack(data))
    if kind == 4:
        return int.from_bytes(data, "big", signed=True)
    return msgpack.ExtType(kind, data)


def to_error(data):
    def text(key, otherwise):
        return data[key] if isinstance(data.get(key), str) else otherwise

    code = text("code", "ELPIS_HUB_REMOTE")
    return ElpisError(code, text("message", ""), text("name", "Error"), data.get("details"))


FAULTS = "REMOTE NO_RESPONDER PEER_LOST DEADLINE OVERLOADED CANCELLED TOO_LARGE BAD_PAYLOAD".split()


def answer_error(code, body):
    """What a `fault` means: the error of a handler, or the hub's word that there is no answer."""
    if code > 0:
        name = FAULTS[code] if code < len(FAULTS) else "REMOTE"
        return ElpisError(f"ELPIS_HUB_{name}", f"no answer: {name}")
    error = to_error(unpack(body))
    if error.code.startswith("ELPIS_"):  # only the hub itself may say such a thing
        error.code = "ELPIS_HUB_REMOTE"
    return error
