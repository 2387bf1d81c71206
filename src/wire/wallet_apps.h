/* Which wallet apps a share URL opens, for the phone's system (PROTOCOL §7):
 * what an operator may write, and the two files that say so. */
#ifndef WIRE_WALLET_APPS_H
#define WIRE_WALLET_APPS_H

#include "base/bytes.h"

/* An app of Apple's: team identifier, a dot, bundle identifier. */
bool wallet_apps_is_apple(struct tg_span id);

/* An app of Android's: its package … */
bool wallet_apps_is_package(struct tg_span package);
/* … and the SHA-256 of a certificate that signs it: 32 pairs of hexadecimal
 * digits with colons between. */
bool wallet_apps_is_fingerprint(struct tg_span fingerprint);

struct wallet_apps_android {
    struct tg_span package;
    struct tg_span fingerprint;
};

/* Append apple-app-site-association: these apps open mailbox paths, and no
 * others. TG_E_NOMEM. */
TG_MUST_USE enum tg_err wallet_apps_format_apple(const struct tg_span *ids,
                                                 size_t count,
                                                 struct tg_buf *out);

/* Append assetlinks.json (Digital Asset Links). Which paths an app opens is
 * said in the app itself. TG_E_NOMEM. */
TG_MUST_USE enum tg_err wallet_apps_format_android(
    const struct wallet_apps_android *apps, size_t count, struct tg_buf *out);

#endif
