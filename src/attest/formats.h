/* The verification procedure of each format (WebAuthn Level 3 §8). All are
 * given a statement whose client data and authenticator data are already
 * judged, and return ATTEST_FINE in their last line only. */
#ifndef ATTEST_FORMATS_H
#define ATTEST_FORMATS_H

#include "attest/statement.h"

typedef enum attest_reason attest_format_check(
    const struct attest_statement *statement,
    const struct attest_policy *policy, tg_time_s now);

attest_format_check attest_check_packed;          /* §8.2 */
attest_format_check attest_check_tpm;             /* §8.3 */
attest_format_check attest_check_android_key;     /* §8.4 */
attest_format_check attest_check_fido_u2f;        /* §8.6 */
attest_format_check attest_check_none;            /* §8.7 */
attest_format_check attest_check_apple;           /* §8.8 */
attest_format_check attest_check_apple_appattest; /* Apple's documentation,
    "Validating apps that connect to your server" */

/* NULL: it is refused. The table is in format_table.c. */
attest_format_check *attest_format_procedure(enum attest_format format);

#endif
