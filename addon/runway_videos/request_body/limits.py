"""What a request body may hold besides its bytes, in one place.

The size of a body is bounded before it gets here (`runway_max_body`). These bound what its
*structure* can cost: objects made, recursion, header lines. Each is far above what a real create
needs, and low enough that a hostile body is refused in milliseconds.
"""

from __future__ import annotations

CONTENT_TYPE = 1_024  # characters of the request's Content-Type
BOUNDARY = 70  # characters; RFC 2046, 5.1.1

PARTS = 1_000  # parts of a multipart body, fields of a urlencoded one
PART_HEADERS = 16  # header lines of one part; RFC 7578 knows three
HEADER_LINE = 4_096  # bytes of one of them
NAME = 512  # characters of a field's name, brackets included

DEPTH = 32  # objects and arrays inside each other, in JSON and in bracketed names
# Commas, `[` and `{` of all JSON in a body: bounds the values that it can make. A number may take 30 µs, and
# nobody else is served while a text is parsed.
VALUES = 5_000
ESCAPES = 1_000_000  # `%` of an urlencoded body: base64 of 24 MB has that many, and takes 0.2 s
TEXT = 16 << 20  # bytes of all texts of a body, files and large data URIs not counted
INTEGERS = range(-(2**63), 2**64)  # whole numbers: what 64 bits hold, signed or not

QUOTED = 80  # characters of a client's own text that a message repeats
