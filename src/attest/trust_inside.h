/* What trust.c and trust_file.c share. */
#ifndef ATTEST_TRUST_INSIDE_H
#define ATTEST_TRUST_INSIDE_H

#include "attest/issuers.h"
#include "attest/trust.h"

/* A serial number, big-endian, with zeros in front. RFC 5280 §4.1.2.2 has at
 * most 20 bytes; some have more. */
struct trust_serial {
    uint8_t bytes[32];
};

/* How many roots may have one name, and how many a statement is judged with:
 * each that it names costs a signature. DECISION(11) */
enum { TRUST_NAMESAKES_MOST = 8 };

struct attest_trust {
    X509_STORE *ways;              /* owned; empty: how paths are looked for */
    X509 **roots;                  /* owned */
    size_t root_count;
    struct trust_serial *revoked;  /* owned, sorted */
    size_t revoked_count;
    struct issuers *issuers;       /* owned; all else is only read */
};

/* False: it has too many bytes. */
bool trust_serial_set(struct trust_serial *serial, struct tg_span number);

/* For qsort() and bsearch(). */
int trust_serial_compare(const void *a, const void *b);

#endif
