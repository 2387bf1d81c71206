/* A maker, an owner, a friend, and whom the friend lends on to, each with a key
 * and a certificate by the one before. */
#ifndef CAR_FAMILY_H
#define CAR_FAMILY_H

#include <stddef.h>

#include <openssl/x509.h>

#include "certificate.h"
#include "device_key.h"

#define VIN       "WVWZZZ1JZXW000001"
#define OTHER_VIN "WVWZZZ1JZXW000002"

enum { HOUR = 3600, NOW = 1800000000, KEYS = 5 };

enum { MAKER, OWNER, FRIEND, THIRD, FOURTH };

struct family {
    EVP_PKEY *key[KEYS];
    X509 *certificate[KEYS]; /* NULL for FOURTH: nobody may issue it */
    X509 *alone;             /* FRIEND, who may not lend on */
};

/* Of VIN; any number of uses, no sharing. */
struct grant family_grant(const char *names, moment from, moment until);

/* What is granted to a member; each lies within the one before. */
struct grant family_grant_for(int member);

/* A certificate; without an issuer a root. The caller frees it. */
X509 *family_issue(EVP_PKEY *key, const struct grant *grant, X509 *issuer,
                   EVP_PKEY *issuer_key);

/* A certificate for a member, by the one before. */
X509 *family_issue_for(const struct family *f, int member,
                       const struct grant *grant);

/* The verdict over a leaf and up to three above it; NULL is nobody. */
enum refusal family_judge(const struct family *f, X509 *const above[4],
                          moment now);

/* The verdict over a certificate that takes a member's place, which is freed;
 * those above are as they should be. */
enum refusal family_judge_instead(const struct family *f, int member,
                                  X509 *instead);

int family_set_up(void **state);
int family_tear_down(void **state);

#define FAMILY_TEST(test) \
    cmocka_unit_test_setup_teardown(test, family_set_up, family_tear_down)

#endif
