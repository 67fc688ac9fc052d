# cython: language_level=3, boundscheck=False, wraparound=False
"""The innermost loops of `layout`: over all bytes of a block, without the interpreter.

Every position is compared with the end of the text before it is read. Positions have 32 bits: a block is below 1 GB.
`compiled.py` describes the functions.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memchr, memcmp, memcpy

cdef enum:
    QUOTE = 34
    BACKSLASH = 92
    SPACE = 32
    MOST_FIELDS = 62  # the constants of a record are on the stack

cdef const uint8_t* _closing_quote(const uint8_t* start, const uint8_t* end) noexcept nogil:
    """The first quote from there on that no backslash escapes; NULL if there is none."""
    cdef const uint8_t* close = start
    cdef const uint8_t* before
    while True:
        close = <const uint8_t*> memchr(close, QUOTE, end - close)
        if close == NULL:
            return NULL
        before = close
        while before > start and (before - 1)[0] == BACKSLASH:
            before -= 1
        if (close - before) % 2 == 0:
            return close
        close += 1


cdef inline bint _is_unquoted(uint8_t code) noexcept nogil:
    """Whether a byte may belong to a number, `true`, `false` or `null`."""
    return 48 <= code <= 57 or 97 <= code <= 122 or code == 45 or code == 46 or code == 43 or code == 69


cdef Py_ssize_t _find_values(
    const uint8_t* text, Py_ssize_t size, const uint8_t** constants, const Py_ssize_t* widths, int fields,
    int32_t[:, ::1] first, int32_t[:, ::1] last, uint8_t[:, ::1] kinds
) noexcept nogil:
    cdef const uint8_t* at = text
    cdef const uint8_t* end = text + size
    cdef const uint8_t* close
    cdef Py_ssize_t record = 0
    cdef int field
    for record in range(first.shape[1]):
        for field in range(fields):
            if end - at <= widths[field] or memcmp(at, constants[field], widths[field]) != 0:
                if field == 0:
                    return -1
                first[field, record] = last[field, record] = 0
                kinds[field, record] = 2
                continue
            at += widths[field]
            if at[0] == QUOTE:
                at += 1
                close = _closing_quote(at, end)
                if close == NULL:
                    return -1
                kinds[field, record] = 0
            else:
                close = at
                while close < end and _is_unquoted(close[0]):
                    close += 1
                if close == at:
                    return -1
                kinds[field, record] = 2 if close - at == 4 and memcmp(at, b"null", 4) == 0 else 1
            first[field, record] = <int32_t> (at - text)
            last[field, record] = <int32_t> (close - text)
            at = close + (kinds[field, record] == 0)
        if end - at < widths[fields] or memcmp(at, constants[fields], widths[fields]) != 0:
            return -1
        at += widths[fields]
        if at == end:
            return record + 1
        if widths[fields + 1] == 0 or end - at < widths[fields + 1]:
            return -1
        if memcmp(at, constants[fields + 1], widths[fields + 1]) != 0:
            return -1
        at += widths[fields + 1]
    return -1


def find_values(
    const uint8_t[::1] text, list constants, int32_t[:, ::1] first, int32_t[:, ::1] last, uint8_t[:, ::1] kinds
):
    """Find the values of records of one layout."""
    cdef const uint8_t* starts[MOST_FIELDS + 2]
    cdef Py_ssize_t widths[MOST_FIELDS + 2]
    cdef int fields = len(constants) - 2
    cdef int number
    cdef Py_ssize_t records
    cdef bytes constant
    if not 0 < fields <= MOST_FIELDS or text.shape[0] == 0:
        return -1
    if not first.shape[0] == last.shape[0] == kinds.shape[0] == fields:
        raise ValueError("each array needs a row for each field")
    if not first.shape[1] == last.shape[1] == kinds.shape[1]:
        raise ValueError("the arrays differ in their number of columns")
    for number in range(fields + 2):
        constant = constants[number]
        starts[number] = <const uint8_t*> <const char*> constant
        widths[number] = len(constant)
    with nogil:
        records = _find_values(&text[0], text.shape[0], starts, widths, fields, first, last, kinds)
    return records


def find_offsets(const int32_t[::1] first, const int32_t[::1] last, const uint8_t[::1] kinds, int32_t[::1] offsets):
    """Write where each text begins once they follow each other."""
    cdef Py_ssize_t row
    cdef int64_t at = 0
    cdef uint8_t found = 0
    if not first.shape[0] == last.shape[0] == kinds.shape[0] == offsets.shape[0] - 1:
        raise ValueError("there must be one offset more than texts")
    with nogil:
        for row in range(first.shape[0]):
            offsets[row] = <int32_t> at
            found |= <uint8_t> (1 << kinds[row])
            if kinds[row] != 2:
                at += last[row] - first[row]
        offsets[first.shape[0]] = <int32_t> at
    return found


def copy_values(const uint8_t[::1] text, const int32_t[::1] first, const int32_t[::1] offsets, uint8_t[::1] texts):
    """Copy texts so that they follow each other."""
    cdef Py_ssize_t row, rows = first.shape[0]
    cdef int64_t width
    cdef Py_ssize_t index
    cdef uint8_t low = 255, high = 0, escaped = 0
    if offsets.shape[0] != rows + 1 or texts.shape[0] < offsets[rows]:
        raise ValueError("the texts do not fit")
    with nogil:
        for row in range(rows):
            width = offsets[row + 1] - offsets[row]
            if width < 0 or first[row] < 0 or first[row] + width > text.shape[0]:
                with gil:
                    raise ValueError("a text begins or ends outside the block")
            if width:
                memcpy(&texts[offsets[row]], &text[first[row]], width)
        for index in range(offsets[rows]):
            low = texts[index] if texts[index] < low else low
            high |= texts[index]
            escaped |= texts[index] == BACKSLASH
    return low >= SPACE, high < 128, bool(escaped)
