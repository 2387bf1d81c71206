/* See car_family.h. */
#include "car_family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct grant
family_grant(const char *names, moment from, moment until)
{
    struct grant grant = {.not_before = from, .not_after = until};

    assert_true(grant_set_vehicle(VIN, &grant));
    assert_true(entitlements_parse(names, &grant.allowed));
    return grant;
}

/* What is granted to a member; each is within the one before. */
struct grant
family_grant_for(int member)
{
    struct grant grant = family_grant("unlock", NOW - 60, NOW + 60);

    if (member == OWNER)
        grant = family_grant("unlock,start", NOW - HOUR, NOW + HOUR);
    if (member != OWNER)
        grant.uses = 20;
    grant.sharing = member < THIRD ? (unsigned)(THIRD - member) : 0;
    return grant;
}

X509 *
family_issue(EVP_PKEY *key, const struct grant *grant, X509 *issuer,
             EVP_PKEY *issuer_key)
{
    struct certificate_order order = {
        .subject = "test",
        .key = key,
        .grant = grant,
        .not_before = NOW - 24 * HOUR,
        .not_after = NOW + 24 * HOUR,
        .path_length = issuer == NULL ? GRANT_SHARING_MAX : CERTIFICATE_LEAF,
    };
    X509 *made = NULL;

    assert_int_equal(certificate_issue(&order, issuer, issuer_key, &made),
                     TG_OK);
    return made;
}

/* A certificate for a member, by the one before. */
X509 *
family_issue_for(const struct family *f, int member, const struct grant *grant)
{
    return family_issue(f->key[member], grant, f->certificate[member - 1],
                        f->key[member - 1]);
}

int
family_set_up(void **state)
{
    struct family *f = calloc(1, sizeof(*f));
    struct grant grant;

    assert_non_null(f);
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(device_key_make(&f->key[i]), TG_OK);
    f->certificate[MAKER] =
        family_issue(f->key[MAKER], NULL, NULL, f->key[MAKER]);
    for (int i = OWNER; i <= THIRD; i++) {
        grant = family_grant_for(i);
        f->certificate[i] = family_issue_for(f, i, &grant);
    }
    grant = family_grant_for(FRIEND);
    grant.sharing = 0;
    f->alone = family_issue_for(f, FRIEND, &grant);
    *state = f;
    return 0;
}

int
family_tear_down(void **state)
{
    struct family *f = *state;

    for (int i = 0; i < KEYS; i++) {
        X509_free(f->certificate[i]);
        EVP_PKEY_free(f->key[i]);
    }
    X509_free(f->alone);
    free(f);
    return 0;
}

/* The verdict over a leaf and up to three above it; NULL is nobody. */
enum refusal
family_judge(const struct family *f, X509 *const above[4], moment now)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    struct grant grant = {.allowed = 99};
    enum refusal why;

    for (int i = 0; i < 4 && above[i] != NULL; i++)
        sk_X509_push(chain, above[i]);
    why = certificate_check(chain, f->certificate[MAKER], now, &grant);
    sk_X509_free(chain);
    /* Nothing is granted by a refusal. */
    assert_true((why == REFUSAL_NONE) == (grant.allowed != 99));
    return why;
}

/* The verdict over a certificate that takes a member's place, which is freed;
 * those above are as they should be. */
enum refusal
family_judge_instead(const struct family *f, int member, X509 *instead)
{
    X509 *chain[4] = {instead};
    enum refusal why;

    for (int i = 1; i < member; i++)
        chain[i] = f->certificate[member - i];
    why = family_judge(f, chain, NOW);
    X509_free(instead);
    return why;
}
