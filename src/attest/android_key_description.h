/* What Android says about a key, in the extension 1.3.6.1.4.1.11129.2.1.17 of
 * its certificate (Android, "Key and ID attestation", schema KeyDescription).
 *
 * From version 1 (Keymaster 2) to 400 (KeyMint 4) the description is the same
 * sequence, and only what the two authorization lists may hold has grown. So
 * the versions are not looked at, and tags that are not needed are passed over.
 * Nor are the security levels: DECISION(11).
 */
#ifndef ATTEST_ANDROID_KEY_DESCRIPTION_H
#define ATTEST_ANDROID_KEY_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define ANDROID_KEY_DESCRIPTION_OID "1.3.6.1.4.1.11129.2.1.17"

/* Numbers of Keymaster and KeyMint. */
enum android_purpose { ANDROID_PURPOSE_SIGN = 2, ANDROID_PURPOSE_VERIFY = 3 };
enum android_origin { ANDROID_ORIGIN_GENERATED = 0 };

/* An authorization list, as much of it as is needed. */
struct android_authorizations {
    uint32_t purposes; /* 1u << ANDROID_PURPOSE_…; 0: none is named */
    bool has_origin;
    uint64_t origin;
    bool all_applications; /* the key is for every application */
};

struct android_key_description {
    struct tg_span challenge;
    struct android_authorizations software; /* the system's promises */
    struct android_authorizations hardware; /* the hardware's */
};

/* Read the extension's content; nothing behind it. Lists may name their tags
 * in any order, as those of some devices do, but an origin once only.
 * TG_E_FORMAT. */
TG_MUST_USE enum tg_err
android_key_description_read(struct tg_span bytes,
                             struct android_key_description *out);

#endif
