/* co_linetable: one location for each code unit (PEP 657; the entry kinds are those of Objects/locations.md).
 *
 * An entry is a byte 1kkkklll, kind k and length l + 1 in code units, then what the kind needs.  Varints have six bits a
 * byte, least significant first, bit 6 says that more follow; signed ones keep the sign in bit 0. */
#include "positions.h"

typedef struct cursor { const uint8_t *at, *end; } cursor;

static int next_byte(cursor *c) { return c->at < c->end ? *c->at++ : 0; }

static int varint(cursor *c) {
    unsigned value = 0, shift = 0;
    int byte;
    do {
        byte = next_byte(c);
        if (shift < 32) value |= (unsigned)(byte & 63) << shift;
        shift += 6;
    } while (byte & 64);
    return (int)value;
}

static int signed_varint(cursor *c) {
    unsigned value = (unsigned)varint(c);
    return value & 1 ? -(int)(value >> 1) : (int)(value >> 1);
}

/* One entry's location; *line runs on from entry to entry. */
static hl_span location(cursor *c, int kind, int *line) {
    enum { NONE = 15, LONG = 14, NO_COLUMNS = 13, ONE_LINE = 10 };
    hl_span span = {0, 0, -1, -1};
    if (kind == NONE) return span;
    if (kind == LONG) {
        *line += signed_varint(c);
        span.line = *line;
        span.end_line = *line + varint(c);
        span.col = varint(c) - 1;
        span.end_col = varint(c) - 1;
        return span;
    }
    if (kind == NO_COLUMNS) {
        *line += signed_varint(c);
        span.line = span.end_line = *line;
        return span;
    }
    if (kind >= ONE_LINE) {
        *line += kind - ONE_LINE;
        span.line = span.end_line = *line;
        span.col = next_byte(c);
        span.end_col = next_byte(c);
        return span;
    }
    int low = next_byte(c);
    span.line = span.end_line = *line;
    span.col = kind * 8 + (low >> 4);
    span.end_col = span.col + (low & 15);
    return span;
}

void hl_read_positions(PyObject *table, int line, hl_span *spans, int nspans) {
    cursor c = {(const uint8_t *)PyBytes_AS_STRING(table), (const uint8_t *)PyBytes_AS_STRING(table) + PyBytes_GET_SIZE(table)};
    for (int i = 0; i < nspans && c.at < c.end;) {
        int first = next_byte(&c);
        hl_span span = location(&c, (first >> 3) & 15, &line);
        for (int n = (first & 7) + 1; n && i < nspans; n--) spans[i++] = span;
    }
}

static int table_varint(cursor *c) {
    int byte = next_byte(c), value = byte & 63;
    while (byte & 64) byte = next_byte(c), value = (int)((unsigned)value << 6 | (unsigned)(byte & 63));
    return value;
}

/* co_exceptiontable: start, length and target in code units, depth << 1 | lasti; varints with the most significant
 * bits first. */
bool hl_read_region(const uint8_t **at, const uint8_t *end, hl_region *out) {
    if (*at >= end) return false;
    cursor c = {*at, end};
    out->start = table_varint(&c);
    out->end = out->start + table_varint(&c);
    out->target = table_varint(&c);
    int depth = table_varint(&c);
    out->depth = depth >> 1;
    out->lasti = depth & 1;
    *at = c.at;
    return true;
}
