/* A certificate whose signature claims bits that are not used, as those of
 * Yubico's first keys do: those that Yubico has named are right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest/flawed.h"
#include "crypto/hash.h"
#include "forge.h"

enum { RSA_LEN = 256, UNUSED = 3 };

/* Of one that Yubico has named; see flawed.c. */
static const uint8_t named[ATTEST_HASH_LEN] = {
    0xdd, 0x57, 0x45, 0x27, 0xdf, 0x60, 0x8e, 0x47, 0xae, 0x45, 0xfb,
    0xba, 0x75, 0xa2, 0xaf, 0xdd, 0x5c, 0x20, 0xfd, 0x94, 0xa0, 0x24,
    0x19, 0x38, 0x18, 0x13, 0xcd, 0x55, 0xa2, 0xa3, 0x39, 0x8f};

/* Whose digest is that; its certificate is nobody's to copy. */
static struct tg_span stand_in;

enum tg_err __real_hash_sha256(const struct tg_span *parts, size_t count,
                               uint8_t out[SHA256_LEN]);
enum tg_err __wrap_hash_sha256(const struct tg_span *parts, size_t count,
                               uint8_t out[SHA256_LEN]);

enum tg_err
__wrap_hash_sha256(const struct tg_span *parts, size_t count,
                   uint8_t out[SHA256_LEN])
{
    if (count == 1 && stand_in.len > 0 && tg_span_equal(parts[0], stand_in)) {
        memcpy(out, named, sizeof(named));
        return TG_OK;
    }
    return __real_hash_sha256(parts, count, out);
}

/* A root with a key of RSA, and a device below it. */
struct family {
    EVP_PKEY *root_key;
    X509 *root;
    struct attest_trust *trust;
    struct tg_buf leaf;
};

static int
set_up(void **state)
{
    static struct family family;
    struct family *f = &family;
    const struct forge_certificate says = forge_authority_template("CN=Root");
    const struct forge_certificate leaf = forge_leaf_template();
    EVP_PKEY *key = forge_key(FORGE_P256);
    X509 *made;

    *f = (struct family){.root_key = forge_key(FORGE_RSA)};
    f->root = forge_issue(&says, f->root_key, NULL, f->root_key);
    f->trust = forge_trust(&f->root, 1);
    made = forge_issue(&leaf, key, f->root, f->root_key);
    forge_certificate_der(&f->leaf, made);
    X509_free(made);
    EVP_PKEY_free(key);
    stand_in = (struct tg_span){NULL, 0};
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct family *f = *state;

    tg_buf_free(&f->leaf);
    attest_trust_free(f->trust);
    X509_free(f->root);
    EVP_PKEY_free(f->root_key);
    return 0;
}

static enum attest_reason
judge(const struct family *f)
{
    struct tg_buf statement = TG_BUF_EMPTY;
    struct certificate_chain chain;
    enum attest_reason reason;
    struct cbor_item map;

    forge_cbor_map(&statement, 1);
    forge_cbor_text(&statement, "x5c");
    forge_cbor_array(&statement, 1);
    forge_cbor_bytes(&statement, tg_span_buf(&f->leaf));
    assert_int_equal(cbor_parse(tg_span_buf(&statement), CBOR_ANY_ORDER, &map),
                     TG_OK);
    reason = certificate_chain_read(&map, &chain);
    assert_int_equal(reason, ATTEST_FINE);
    reason = attest_trust_check(f->trust, &chain, FORGE_NOW);
    certificate_chain_done(&chain);
    tg_buf_free(&statement);
    return reason;
}

static void
bits_that_are_not_used_are_refused(void **state)
{
    struct family *f = *state;

    assert_int_equal(judge(f), ATTEST_FINE);
    f->leaf.ptr[f->leaf.len - RSA_LEN - 1] = UNUSED;
    assert_int_equal(judge(f), ATTEST_CHAIN);
}

static void
a_certificate_that_its_maker_has_named_is_mended(void **state)
{
    struct family *f = *state;

    f->leaf.ptr[f->leaf.len - RSA_LEN - 1] = UNUSED;
    stand_in = tg_span_buf(&f->leaf);
    assert_int_equal(judge(f), ATTEST_FINE);
    f->leaf.ptr[f->leaf.len - 1] ^= 1; /* the last byte of the signature */
    assert_int_equal(judge(f), ATTEST_CHAIN);
}

static void
nothing_else_of_a_certificate_is_mended(void **state)
{
    struct family *f = *state;
    uint8_t room[FLAWED_MOST];
    struct tg_span out;

    stand_in = tg_span_buf(&f->leaf);
    assert_false(flawed_mend(stand_in, room, &out)); /* it is right */
    f->leaf.ptr[f->leaf.len - RSA_LEN - 1] = UNUSED;
    assert_true(flawed_mend(stand_in, room, &out));
    assert_int_equal(out.len, f->leaf.len);
    f->leaf.ptr[f->leaf.len - RSA_LEN - 1] = 0;
    assert_memory_equal(out.ptr, f->leaf.ptr, out.len);
    /* another kind of signature, and none at all */
    f->leaf.ptr[f->leaf.len - RSA_LEN - 1] = UNUSED;
    f->leaf.ptr[f->leaf.len - RSA_LEN - 2] = 0;
    assert_false(flawed_mend(stand_in, room, &out));
    for (size_t len = 0; len <= RSA_LEN + 5; len++)
        assert_false(
            flawed_mend((struct tg_span){f->leaf.ptr, len}, room, &out));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_that_are_not_used_are_refused),
        TEST(a_certificate_that_its_maker_has_named_is_mended),
        TEST(nothing_else_of_a_certificate_is_mended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
