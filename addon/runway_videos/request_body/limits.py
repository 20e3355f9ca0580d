"""What a request body may hold besides its bytes, in one place.

The size of a body is bounded before it gets here (`runway_max_body`). These bound what its
*structure* can cost: objects made, recursion, header lines. Each is far above what a real create
needs, and low enough that a hostile body is refused in milliseconds. `budget.py` counts what is
bounded for a body as a whole.
"""

from __future__ import annotations

CONTENT_TYPE = 1_024  # characters of the request's Content-Type
BOUNDARY = 70  # characters; RFC 2046, 5.1.1

PARTS = 1_000  # parts of a multipart body, fields of a urlencoded one
PART_HEADERS = 16  # header lines of one part; RFC 7578 knows three
HEADER_LINE = 4_096  # bytes of one of them
NAME = 512  # characters of a field's name, brackets included
NAMES = 131_072  # characters of all names of a form's fields

DEPTH = 32  # objects and arrays inside each other, in JSON and in bracketed names
MARKS = 100_000  # commas, `[` and `{` of all JSON texts of a body: bounds the values that they make
ESCAPES = 1_000_000  # `%` of a urlencoded body: base64 of 24 MB has that many, and takes 0.2 s
WIDE = 24 << 20  # bytes of texts that are not ASCII: Python may keep four bytes for each of theirs
INTEGERS = range(-(2**63), 2**64)  # whole numbers: what 64 bits hold, signed or not

SHOWN = 80  # characters of a client's own text that a message repeats
