/* The two compressed tables of a code object. */
#ifndef HL_READ_POSITIONS_H
#define HL_READ_POSITIONS_H
#include "read.h"

/* spans[i]: where code unit i comes from; units without a location keep what is there. `line` is co_firstlineno. */
void hl_read_positions(PyObject *table, int line, hl_span *spans, int nspans);
/* Takes one entry; start, end and target in code units. False at the end. */
bool hl_read_region(const uint8_t **at, const uint8_t *end, hl_region *out);
#endif
