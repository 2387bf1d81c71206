/* Android key attestations of our own making; see forge.h. */
#ifndef ATTEST_FORGE_ANDROID_H
#define ATTEST_FORGE_ANDROID_H

#include "forge.h"

/* Members of authorization lists, in hexadecimal. */
#define ANDROID_SIGN             "a105 3103 020102"
#define ANDROID_SIGN_AND_VERIFY  "a108 3106 020102 020103"
#define ANDROID_VERIFY           "a105 3103 020103"
#define ANDROID_SIGN_AND_DECRYPT "a108 3106 020101 020102"
#define ANDROID_ALGORITHM_EC     "a203 020103"
#define ANDROID_NO_AUTH          "bf8377 02 0500"
#define ANDROID_ALL_APPLICATIONS "bf8458 02 0500"
#define ANDROID_CREATED          "bf853d 08 0206 0194707738a2"
#define ANDROID_GENERATED        "bf853e 03 020100"
#define ANDROID_IMPORTED         "bf853e 03 020102"
#define ANDROID_ROOT_OF_TRUST    "bf8540 0d 300b 0401aa 0101ff 0a0100 0400"
#define ANDROID_MODULE_HASH      "bf8554 04 0402 abcd"

/* What the key description says. */
struct forge_android {
    const char *versions[2]; /* of attestation, of Keymaster; hexadecimal */
    const char *levels[2];
    const char *software; /* what is in the lists; hexadecimal */
    const char *hardware;
    const char *behind;     /* the last field */
    const char *behind_all; /* the sequence */
    bool other_challenge;
    bool without_description;
};

/* A right one, of KeyMint 3 in a trusted environment. */
struct forge_android
forge_android_template(void);

/* Append the extension's content. */
void
forge_android_description(struct tg_buf *out,
                          const struct forge_android *android,
                          struct tg_span challenge);

/* forge_begin() of such a statement; `android` is borrowed. */
void
forge_begin_android(struct forge *f, struct forge_android *android,
                    const struct forge_authority *authority);

#endif
