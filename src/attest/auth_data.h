/* Authenticator data (WebAuthn Level 3 §6.1) with attested credential data. */
#ifndef ATTEST_AUTH_DATA_H
#define ATTEST_AUTH_DATA_H

#include "attest/cose.h"

enum { AAGUID_LEN = 16, CREDENTIAL_ID_MOST = 1023 };

enum auth_flag {
    AUTH_USER_PRESENT = 0x01,
    AUTH_USER_VERIFIED = 0x04,
    AUTH_BACKUP_ELIGIBLE = 0x08,
    AUTH_BACKUP_STATE = 0x10,
    AUTH_CREDENTIAL = 0x40,
    AUTH_EXTENSIONS = 0x80
};

struct auth_data {
    struct tg_span bytes;         /* all of it, as it is signed */
    const uint8_t *rp_id_hash;    /* ATTEST_HASH_LEN */
    uint8_t flags;                /* AUTH_… */
    uint32_t counter;
    const uint8_t *aaguid;        /* AAGUID_LEN */
    struct tg_span credential_id; /* 1 to CREDENTIAL_ID_MOST bytes */
    struct cose_key key;          /* owned */
    bool has_unannounced;         /* extensions without their flag */
};

/* Every byte is accounted for: extensions, a map, and nothing behind. They may
 * lack their flag, as those of App Attest do since iOS 27; what else may is the
 * caller's business. A statement without a credential is refused, as is the
 * backup state of what cannot be backed up (§6.1). Reasons as of
 * cose_key_read(). */
TG_MUST_USE enum attest_reason auth_data_read(struct tg_span bytes,
                                              struct auth_data *out);
void auth_data_done(struct auth_data *data);

#endif
