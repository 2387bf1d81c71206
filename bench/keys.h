/* Keys of rows as stores see them: they look random, and are not. */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

#include <stdint.h>
#include <string.h>

#include "relay/store.h"

/* The row of a share, or the small one that remembers it; SplitMix64. */
enum keys_kind { KEYS_SHARE, KEYS_MEMORY };

static inline struct store_key
keys_of(uint64_t share, enum keys_kind kind)
{
    struct store_key key;
    uint64_t words[2];

    for (uint64_t i = 0; i < 2; i++) {
        uint64_t z = (share * 4 + kind * 2u + i) * 0x9e3779b97f4a7c15u;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        words[i] = z ^ (z >> 31);
    }
    memcpy(key.bytes, words, sizeof(key.bytes));
    return key;
}

#endif
