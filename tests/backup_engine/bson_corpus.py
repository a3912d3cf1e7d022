"""Valid and degenerate encodings of every BSON type, as bytes. All but the last have their ``_id`` first."""

from __future__ import annotations

from struct import pack

import bson
from bson import Binary, Decimal128


def document(*elements: bytes) -> bytes:
    """Put elements into a document."""
    body = b"".join(elements)
    return pack("<i", len(body) + 5) + body + b"\0"


def element(kind: int, name: str | bytes, value: bytes = b"") -> bytes:
    """One element: type, name, value."""
    name = name if isinstance(name, bytes) else name.encode()
    return bytes([kind]) + name + b"\0" + value


def string(text: str | bytes) -> bytes:
    """Value of a string element."""
    text = text if isinstance(text, bytes) else text.encode()
    return pack("<i", len(text) + 1) + text + b"\0"


def binary(subtype: int, data: bytes) -> bytes:
    """Value of a binary element."""
    return pack("<i", len(data)) + bytes([subtype]) + data


def nested(levels: int, kind: int = 3) -> bytes:
    """A document in a document in a document."""
    inner = document(element(0x10, "end" if kind == 3 else "0", pack("<i", 1)))
    for _ in range(levels):
        inner = document(element(kind, "d" if kind == 3 else "0", inner))
    return inner


DOUBLES = {
    "zero": 0.0, "negative zero": -0.0, "one": 1.0, "third": 1 / 3, "huge": 1.7976931348623157e308, "tiny": 5e-324,
    "sixteen digits": 1e16, "infinity": float("inf"), "negative infinity": float("-inf"),
}
DOUBLE_BITS = {
    "NaN": "000000000000f87f", "NaN negative": "000000000000f8ff", "NaN payload": "120000000000f87f",
    "NaN signalling": "010000000000f07f",
}
STRINGS = {
    "empty": "", "plain": "abc", "comma": "a,b", "quote": 'say "x"', "only quote": '"', "two quotes": '""',
    "starts with quote": '"a', "formula": "=1+1", "at": "@x", "minus": "-5", "plus": "+5", "tab": "\tx", "tilde": "~x",
    "leading zeros": "007", "exponent": "1e5", "NA": "NA", "null": "null", "true": "true", "date": "6.8.2013",
    "iso date": "2020-01-01T00:00:00.000Z", "json": '{"$oid":"x"}', "NUL": "a\0b", "lone CR": "a\rb", "CRLF": "a\r\nb",
    "LF": "a\nb", "LF first": "\na", "CR first": "\ra", "space": " ", "RTL": "\u202eabc\u200b", "emoji": "\U0001f600",
    "BOM": "\ufeffx", "line separator": "\u2028", "backslash": "\\n", "price": "3,000", "year": "<2015",
    "less": "NO CAL NEEDED", "control": "\x01\x1f\x7f", "comma only": ",", "newline only": "\n",
}
DECIMALS = ["0", "-0", "1", "1.0", "1E+3", "0E-6176", "9.999999999999999999999999999999999E+6144", "NaN", "Infinity",
            "-Infinity"]
DECIMAL_BITS = {
    "negative NaN": "000000000000000000000000000000fc", "NaN payload": "1200000000000000000000000000007c",
    "signalling NaN": "0000000000000000000000000000007e", "oversized": "ffffffffffffffffffffffffffffff6f",
    "coefficient too large": "ffffffffffffffffffffffffffff4130",
    "infinity with rubbish": "01000000000000000000000000000078",
}
NAMES = ["", ".", "a.b", "$x", "$oid", "=x", "+x", "-x", "@x", "~", "~x", "a\rb", "a\r\nb", "a\nb", 'a"b', "a,b", " ",
         "\u00e9", "\ufeff", "order", "more", "bson", "deleted", "__proto__", "null", "\t", "x" * 300]
DATES = {"epoch": 0, "millisecond": 1, "before": -1, "year 1": -62135596800000, "before year 1": -62135596800001,
         "year 9999": 253402300799999, "after year 9999": 253402300800000, "least": -(2**63), "most": 2**63 - 1}
TIMESTAMPS = [(0, 0), (1, 0), (2**32 - 1, 2**32 - 1)]
REGEX_FLAGS = [b"", b"imsx", b"ilmsux", b"xi", b"ii", b"q"]
UUID = bytes(range(16))


def _values() -> dict[str, tuple[int, bytes]]:
    """Element type and value by name."""
    table: dict[str, tuple[int, bytes]] = {}
    table |= {f"double {name}": (0x01, pack("<d", value)) for name, value in DOUBLES.items()}
    table |= {f"double {name}": (0x01, bytes.fromhex(bits)) for name, bits in DOUBLE_BITS.items()}
    table |= {f"string {name}": (0x02, string(text)) for name, text in STRINGS.items()}
    table |= {f"date {name}": (0x09, pack("<q", value)) for name, value in DATES.items()}
    table |= {f"decimal {text}": (0x13, Decimal128(text).bid) for text in DECIMALS}
    table |= {f"decimal {name}": (0x13, bytes.fromhex(bits)) for name, bits in DECIMAL_BITS.items()}
    table |= {f"int32 {value}": (0x10, pack("<i", value)) for value in (0, 1, -1, 2**31 - 1, -(2**31))}
    table |= {f"int64 {value}": (0x12, pack("<q", value)) for value in (0, 1, -1, 2**63 - 1, -(2**63), 2**31)}
    table |= {f"binary {kind}": (0x05, binary(kind, b"\x00\xff,\"=")) for kind in (0, 1, 3, 4, 5, 6, 9, 128, 255)}
    table |= {f"binary empty {subtype}": (0x05, binary(subtype, b"")) for subtype in (0, 2, 3, 4, 5)}
    table |= {f"uuid {subtype}": (0x05, binary(subtype, UUID)) for subtype in (3, 4)}
    table |= {f"timestamp {time},{inc}": (0x11, pack("<II", inc, time)) for time, inc in TIMESTAMPS}
    table |= {f"regex /{flags.decode()}": (0x0B, b"a/b,\"\0" + flags + b"\0") for flags in REGEX_FLAGS}
    return table | {
        "string invalid UTF-8": (0x02, string(b"\xff\xfe")),
        "string surrogate": (0x02, string(b"\xed\xa0\x80")),
        "string overlong": (0x02, string(b"\xc0\x80")),
        "string cut character": (0x02, string(b"\xe2\x82")),
        "binary old 2": (0x05, binary(2, pack("<i", 3) + b"abc")),
        "binary old 2 wrong inner length": (0x05, binary(2, pack("<i", 9) + b"abc")),
        "undefined": (0x06, b""),
        "objectId": (0x07, bytes(range(12))),
        "false": (0x08, b"\0"),
        "true": (0x08, b"\1"),
        "null": (0x0A, b""),
        "regex invalid UTF-8": (0x0B, b"\xff\0\0"),
        "DBPointer": (0x0C, string("c") + bytes(12)),
        "code": (0x0D, string("function(){}")),
        "code formula": (0x0D, string("=1")),
        "symbol": (0x0E, string("sym")),
        "code with scope": (0x0F, _code_with_scope(document(element(0x10, "x", pack("<i", 1))))),
        "code with empty scope": (0x0F, _code_with_scope(document())),
        "code with $ in scope": (0x0F, _code_with_scope(document(element(0x02, "$oid", string("x"))))),
        "min key": (0xFF, b""),
        "max key": (0x7F, b""),
        "empty document": (0x03, document()),
        "empty array": (0x04, document()),
        "array": (0x04, document(element(0x10, "0", pack("<i", 1)), element(0x02, "1", string("x")))),
        "array with odd keys": (0x04, document(element(0x10, "5", pack("<i", 1)), element(0x10, "x", pack("<i", 2)))),
        "DBRef": (0x03, document(element(0x02, "$ref", string("c")), element(0x07, "$id", bytes(12)))),
        "user $oid": (0x03, document(element(0x02, "$oid", string("0" * 24)))),
        "user $numberLong": (0x03, document(element(0x02, "$numberLong", string("5")))),
        "user $date deeper": (0x03, document(element(0x03, "a", document(element(0x09, "$date", bytes(8)))))),
        "user $ second": (0x03, document(element(0x10, "a", bytes(4)), element(0x10, "$b", bytes(4)))),
        "duplicate keys inside": (0x03, document(element(0x10, "a", bytes(4)), element(0x0A, "a"))),
        "NaN inside": (0x04, document(element(0x01, "0", bytes.fromhex(DOUBLE_BITS["NaN"])), element(0x0A, "1"))),
        "NaN payload inside": (0x04, document(element(0x01, "0", bytes.fromhex(DOUBLE_BITS["NaN payload"])))),
        "infinity inside": (0x03, document(element(0x01, "a", pack("<d", float("inf"))))),
        "oversized decimal inside": (0x03, document(element(0x13, "a", bytes.fromhex(DECIMAL_BITS["oversized"])))),
        "100 levels": (0x03, nested(98)),
        "100 levels of arrays": (0x04, nested(98, kind=4)),
    }


def _code_with_scope(scope: bytes) -> bytes:
    code = string("f()") + scope
    return pack("<i", len(code) + 4) + code


VALUES = _values()


def _id(number: int) -> bytes:
    return element(0x10, "_id", pack("<i", number))


def corpus() -> dict[str, bytes]:
    """Every value beside a plain field, every odd name, and odd documents; by what they show."""
    documents: dict[str, bytes] = {}
    after = element(0x10, "n", bytes(4))
    for name, (kind, value) in VALUES.items():
        documents[f"value {name}"] = document(_id(len(documents)), element(kind, "v", value), after)
    for name in NAMES:
        documents[f"field {name!r}"] = document(_id(len(documents)), element(0x02, name, string("x")))
        documents[f"inner field {name!r}"] = document(
            _id(len(documents)), element(0x03, "v", document(element(0x10, name, bytes(4)))))
    a, b, c = (element(0x10, name, pack("<i", 1)) for name in ("a", "b", "c"))
    for name, parts in {
        "order abc": (a, b, c), "order cba": (c, b, a), "order bca": (b, c, a), "duplicate keys": (a, a),
        "duplicate keys of other types": (a, element(0x0A, "a")), "field with invalid UTF-8": (element(0x0A, b"\xff"),),
        "only _id": (), "two zero timestamps": (element(0x11, "t", bytes(8)), element(0x11, "t", bytes(8))),
        "typed one": (element(0x07, "$oid", bytes(12)),), "bool that is 2": (element(0x08, "v", b"\2"),),
    }.items():
        documents[name] = document(_id(len(documents)), *parts)
    documents["_id last"] = document(a, _id(len(documents)))
    return documents


def wide(fields: int, number: int = 10_000) -> bytes:
    """A document of that many fields."""
    return bson.encode({"_id": number} | {f"field {position}": position for position in range(fields)})


def large(size: int, number: int = 20_000) -> bytes:
    """A document of that many bytes, of random-looking text."""
    rest = size - len(bson.encode({"_id": number, "text": "", "data": Binary(b"", 0)}))
    half = rest // 2
    return bson.encode({"_id": number, "text": ('line "x", y\r\n' * (half // 13 + 1))[:half],
                        "data": Binary(bytes(index % 256 for index in range(256)) * (rest // 256 + 1))[: rest - half]})
