/* What a device has sent (R-ATT-1), taken apart and not yet judged. */
#ifndef ATTEST_STATEMENT_H
#define ATTEST_STATEMENT_H

#include "attest/auth_data.h"

struct attest_statement {
    struct tg_span client_data;  /* JSON, as the device hashed it */
    uint8_t client_data_hash[ATTEST_HASH_LEN];
    enum attest_format format;
    struct cbor_item att_stmt;   /* a map */
    struct auth_data auth;
    struct tg_buf bytes;         /* owns what the spans borrow */
};

/* From the header's value: base64url of a JSON object with clientDataJSON and
 * attestationObject, whose other members are ignored, as those of PROTOCOL §2
 * are; the attestation object has fmt, attStmt, authData and no others.
 *
 * ATTEST_MALFORMED, ATTEST_UNAVAILABLE, ATTEST_FORMAT_REFUSED (unknown), and
 * what auth_data_read() says: nothing to release. `verdict` learns the format
 * as soon as it is known. */
TG_MUST_USE enum attest_reason
attest_statement_read(struct tg_span header, struct attest_statement *out,
                      struct attest_verdict *verdict);
void attest_statement_done(struct attest_statement *statement);

#endif
