/* Certificates of devices that were made wrong, and whose maker has said so. */
#ifndef ATTEST_FLAWED_H
#define ATTEST_FLAWED_H

#include "attest/attest.h"

enum { FLAWED_MOST = 1024 }; /* bytes of one */

/* Yubico's first keys for U2F have certificates whose signature claims bits
 * that are not used; Yubico has named the six. If this is one of them, as it
 * was meant, in `room`: its signature still has to be right. DECISION(11).
 * False: it is none, or nothing can be said; *out untouched. */
bool flawed_mend(struct tg_span der, uint8_t room[FLAWED_MOST],
                 struct tg_span *out);

#endif
