// Writes flattened device trees for tests.
#ifndef TESTS_HOST_DT_WRITE_H
#define TESTS_HOST_DT_WRITE_H
#include "kernel/types.h"

void dtw_start(void); // an empty tree
void dtw_node(const char *name);
void dtw_end(void); // of a node
void dtw_prop_string(const char *name, const char *value);
void dtw_prop_cells(const char *name, int n, ...); // n values of type uint
void dtw_reserve(uint64 base, uint64 size);        // memory reservation block
void dtw_word(uint v);                             // any token

// The blob, in an allocation of exactly its size.
uchar *dtw_blob(uint64 *size);

void dtw_word_at(uchar *p, uint v); // big-endian

#endif
