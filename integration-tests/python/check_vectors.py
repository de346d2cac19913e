"""Reads every vector of packages/protocol/vectors with the values of the example, and says how many it has read.

python3 check_vectors.py <folder of the example> <folder of the vectors>
"""
import datetime
import json
import math
import re
import sys

import msgpack

sys.path.insert(0, sys.argv[1])
from elpis_peer import HEADER  # noqa: E402
from elpis_values import UNDEFINED, ElpisError, Map, Set, pack, unpack  # noqa: E402

EPOCH = datetime.date(1970, 1, 1).toordinal()
DAYS_OF_400_YEARS = 146_097
FLOATS = {"-0": -0.0, "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def bytes_of(parts):
    """A text of hex digits, or a list of such texts, of repetitions, and of entries of a map."""
    return b"".join(map(part_of, [parts] if isinstance(parts, str) else parts))


def part_of(part):
    if isinstance(part, str):
        return bytes.fromhex(part)
    if "keys" in part:
        return b"".join(msgpack.packb(str(index)) + b"\0" for index in range(part["keys"]))
    return bytes.fromhex(part["repeat"]) * part["times"]


def milliseconds(text):
    """Of a date as JavaScript writes it, since 1970: its years have more digits than those of datetime."""
    sign, *parts = re.fullmatch(r"([+-]?)(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?Z", text).groups()
    year, month, day, hour, minute, second, milli = (int(part or 0) for part in parts)
    cycles, year = divmod(-year if sign == "-" else year, 400)  # the calendar repeats itself
    days = datetime.date(year + 400, month, day).toordinal() - EPOCH + (cycles - 1) * DAYS_OF_400_YEARS
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli


def same(found, value):
    """Whether `found` is what the notation of the vectors says."""
    if isinstance(value, list):
        return isinstance(found, list) and len(found) == len(value) and all(map(same, found, value))
    if not isinstance(value, dict):
        return type(found) in ((int, float) if type(value) in (int, float) else (type(value),)) and found == value
    key = next(iter(value), "")
    if not key.startswith("$"):
        fits = isinstance(found, dict) and list(found) == list(value)
        return fits and all(same(found[name], value[name]) for name in value)
    return special(found, key, value[key], value)


def special(found, key, inner, value):
    if key == "$undefined":
        return found is UNDEFINED
    if key == "$float":
        return math.isnan(found) if inner == "NaN" else repr(float(found)) == repr(FLOATS[inner])
    if key == "$bigint":
        return isinstance(found, int) and str(found) == inner
    if key == "$bytes":
        return found == bytes_of(inner)
    if key == "$date":
        if not isinstance(found, msgpack.Timestamp):
            return False
        return found.seconds * 1000 + found.nanoseconds // 1_000_000 == milliseconds(inner)
    if key == "$repeat":
        return same(found, inner * value["times"])
    if key == "$nest":
        return isinstance(found, list) and (found == [] if inner == 1 else special(found[0], key, inner - 1, value))
    if key == "$keys":
        return found == {str(index): 0 for index in range(inner)}
    if key == "$map":
        return isinstance(found, Map) and same([list(pair) for pair in found], inner)
    if key == "$set":
        return isinstance(found, Set) and same(list(found), inner)
    if key == "$error":
        data = {"code": None, **inner}
        return isinstance(found, ElpisError) and (found.name, str(found)) == (data["name"], data["message"])
    raise ValueError(f"{key} is not known")


def main(folder):
    def cases(name):
        with open(f"{folder}/{name}.json", encoding="utf-8") as file:
            return json.load(file)["cases"]

    sys.set_int_max_str_digits(0)
    counts = {"values": 0, "frames": 0, "wrong": []}
    for case in cases("values"):
        for form in [case["hex"], *case.get("also", [])]:
            found = unpack(bytes_of(form))
            if not same(found, case["value"]) or not same(unpack(pack(found)), case["value"]):
                counts["wrong"].append([case["name"], repr(found)[:200]])
            counts["values"] += 1
    for case in cases("frames"):
        frame = bytes_of(case["hex"])
        size, kind, flags, code, padding, *_, extension, _ = HEADER.unpack(frame[: HEADER.size])
        if size != len(frame) or kind != case["kind"]:
            counts["wrong"].append([case["name"], "its header"])
        body = frame[HEADER.size + extension : size - padding]
        if "raw" not in case and not same(unpack(body), case.get("value", {"$undefined": True})):
            counts["wrong"].append([case["name"], repr(unpack(body))])
        counts["frames"] += 1
    print(json.dumps(counts))


main(sys.argv[2])
