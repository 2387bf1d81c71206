/* CPace: every value of the draft's example for ristretto255.
 * Source: draft-irtf-cfrg-cpace-21 appendices A and B.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/cpace.h"
#include "client/pake.h"

#define SID "7e4b4791d6a8ef019b936c79fb7f2c57"
#define YA "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"
#define YB "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"
#define SHARE_A                                                              \
    "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157"
#define SHARE_B                                                              \
    "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258"
#define PRODUCT                                                              \
    "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f"
#define TRANSCRIPT "20" SHARE_A "03414461" "20" SHARE_B "03414462"
#define ZEROS_20 "0000000000000000000000000000000000000000"

struct bytes {
    uint8_t at[256];
    size_t len;
};

static struct bytes
from_hex(const char *hex)
{
    struct bytes bytes = {.len = strlen(hex) / 2};

    assert_true(bytes.len <= sizeof(bytes.at));
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned value;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        bytes.at[i] = (uint8_t)value;
    }
    return bytes;
}

static struct tg_span
span(const struct bytes *bytes)
{
    return (struct tg_span){bytes->at, bytes->len};
}

static void
assert_hex(struct tg_span got, const char *hex)
{
    const struct bytes expected = from_hex(hex);

    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.ptr, expected.at, expected.len);
}

static struct group_scalar
scalar_of(const char *hex)
{
    const struct bytes bytes = from_hex(hex);
    struct group_scalar scalar;

    assert_int_equal(bytes.len, sizeof(scalar.bytes));
    memcpy(scalar.bytes, bytes.at, sizeof(scalar.bytes));
    return scalar;
}

/* The inputs of the draft's example; `sid` must stay. */
static struct cpace_inputs
inputs_of(const struct bytes *sid)
{
    return (struct cpace_inputs){
        .prs = TG_SPAN_LITERAL("Password"),
        .ci = TG_SPAN_LITERAL("\x0b" "A_initiator" "\x0b" "B_responder"),
        .sid = span(sid),
    };
}

static void
lengths_are_written_in_leb128(void **state)
{
    static const struct {
        size_t len;
        const char *expected;
    } cases[] = {{0, "00"},       {1, "01"},         {127, "7f"},
                 {128, "8001"},   {300, "ac02"},     {16383, "ff7f"},
                 {16384, "808001"}, {65536, "808004"}};
    static const uint8_t bytes[65536];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct tg_span part = {bytes, cases[i].len};
        struct tg_buf out = TG_BUF_EMPTY;

        assert_int_equal(cpace_lv_cat(&part, 1, &out), TG_OK);
        assert_int_equal(out.len, strlen(cases[i].expected) / 2 + part.len);
        assert_hex((struct tg_span){out.ptr, out.len - part.len},
                   cases[i].expected);
        tg_buf_free(&out);
    }
}

static void
parts_follow_their_lengths(void **state)
{
    const struct tg_span parts[] = {TG_SPAN_LITERAL("1234"),
                                    TG_SPAN_LITERAL("5"), TG_SPAN_EMPTY,
                                    TG_SPAN_LITERAL("678")};
    const struct cpace_message a = {TG_SPAN_LITERAL("123"),
                                    TG_SPAN_LITERAL("PartyA")};
    const struct cpace_message b = {TG_SPAN_LITERAL("234"),
                                    TG_SPAN_LITERAL("PartyB")};
    struct tg_buf out = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(cpace_lv_cat(parts, 4, &out), TG_OK);
    assert_hex(tg_span_buf(&out), "043132333401350003363738");
    tg_buf_clear(&out);
    assert_int_equal(cpace_transcript(&a, &b, &out), TG_OK);
    assert_hex(tg_span_buf(&out),
               "03313233065061727479410332333406506172747942");
    tg_buf_free(&out);
}

static void
the_generator_is_that_of_the_draft(void **state)
{
    const struct bytes sid = from_hex(SID);
    const struct cpace_inputs in = inputs_of(&sid);
    struct tg_buf text = TG_BUF_EMPTY;
    struct group_element generator;
    uint8_t digest[SHA512_LEN];
    struct tg_span part;

    (void)state;
    assert_int_equal(cpace_generator_string(&in, &text), TG_OK);
    assert_hex(tg_span_buf(&text),
               "11435061636552697374726574746f3235350850617373776f726464"
               ZEROS_20 ZEROS_20 ZEROS_20 ZEROS_20 ZEROS_20
               "180b415f696e69746961746f720b425f726573706f6e64657210" SID);
    part = tg_span_buf(&text);
    assert_int_equal(hash_sha512(&part, 1, digest), TG_OK);
    assert_hex(
        TG_SPAN_ARRAY(digest),
        "da6d3ddc8802fca9058755ffd3ebde08a9c2c74945901a258482a288b6663af0"
        "6bf645c93cd1c51512307199c80e84908916d983b34af77205f90851a657ee27");
    assert_int_equal(cpace_generator(&in, &generator), TG_OK);
    assert_hex(
        TG_SPAN_ARRAY(generator.bytes),
        "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56");
    tg_buf_free(&text);
}

/* The padding ends at the block's end as long as there is room for it. */
static void
the_password_and_its_padding_fill_the_first_block(void **state)
{
    static const uint8_t password[200];

    (void)state;
    for (size_t len = 0; len <= sizeof(password); len++) {
        const struct cpace_inputs in = {.prs = {password, len}};
        struct tg_buf text = TG_BUF_EMPTY;
        size_t used = 18 + (len < 128 ? 1 : 2) + len + 1;

        assert_int_equal(cpace_generator_string(&in, &text), TG_OK);
        assert_int_equal(text.len, (used < 128 ? 128 : used) + 2);
        tg_buf_free(&text);
    }
}

static void
keys_are_those_of_the_draft(void **state)
{
    const struct bytes sid = from_hex(SID);
    const struct bytes transcript = from_hex(TRANSCRIPT);
    const struct bytes symmetric = from_hex("6f63" TRANSCRIPT);
    const struct tg_span parts[] = {TG_SPAN_LITERAL("CPaceSidOutput"),
                                    span(&transcript)};
    const struct group_scalar product_bytes = scalar_of(PRODUCT);
    struct group_element product;
    struct cpace_key key;

    (void)state;
    memcpy(product.bytes, product_bytes.bytes, sizeof(product.bytes));
    assert_int_equal(cpace_isk(span(&sid), &product, span(&transcript), &key),
                     TG_OK);
    assert_hex(
        TG_SPAN_ARRAY(key.bytes),
        "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
        "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447");
    assert_int_equal(cpace_isk(span(&sid), &product, span(&symmetric), &key),
                     TG_OK);
    assert_hex(
        TG_SPAN_ARRAY(key.bytes),
        "544199d71f62f8d9a1fee55727e24fe4a45844593c2b6013c4fa3969d0e5debb"
        "2244675c0b43397cbb68d342b01fc0f98fc961469a25134de9f0f813c1a57476");
    assert_int_equal(hash_sha512(parts, 2, key.bytes), TG_OK);
    assert_hex(
        TG_SPAN_ARRAY(key.bytes),
        "bb1c449b35f0ea79a65c209f329a693d475e0ce2387bed9fe4b78f60b2a27c21"
        "9813fb2cfe175ef40d2222d9261e66da7d78f7c55a303b1b8611dcdfab880c47");
}

/* A whole run with the scalars of the draft. It publishes no tag: those that
 * are expected are made from its ISK by the draft's formula. */
static void
both_sides_of_the_run_of_the_draft_agree(void **state)
{
    const struct bytes sid = from_hex(SID);
    const struct bytes isk = from_hex(
        "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
        "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447");
    const struct bytes messages[2] = {from_hex("20" SHARE_A "03414461"),
                                      from_hex("20" SHARE_B "03414462")};
    const struct tg_span data[2] = {TG_SPAN_LITERAL("ADa"),
                                    TG_SPAN_LITERAL("ADb")};
    const struct tg_span key_parts[] = {TG_SPAN_LITERAL("CPaceMac"),
                                        span(&sid), span(&isk)};
    const struct cpace_inputs in = inputs_of(&sid);
    const struct group_scalar ya = scalar_of(YA);
    const struct group_scalar yb = scalar_of(YB);
    struct tg_pake *sides[2];
    uint8_t mac_key[SHA512_LEN];

    (void)state;
    assert_int_equal(hash_sha512(key_parts, 3, mac_key), TG_OK);
    assert_int_equal(pake_begin(TG_INITIATOR, &in, data[0], &ya, &sides[0]),
                     TG_OK);
    assert_int_equal(pake_begin(TG_RECIPIENT, &in, data[1], &yb, &sides[1]),
                     TG_OK);
    assert_hex(tg_pake_share(sides[0]), SHARE_A);
    assert_hex(tg_pake_share(sides[1]), SHARE_B);
    for (int i = 0; i < 2; i++)
        assert_int_equal(tg_pake_finish(sides[i], tg_pake_share(sides[1 - i]),
                                        data[1 - i]),
                         TG_OK);
    for (int i = 0; i < 2; i++) {
        const struct tg_span message = span(&messages[i]);
        uint8_t expected[SHA512_LEN];
        struct tg_buf tag = TG_BUF_EMPTY;

        assert_int_equal(hash_hmac_sha512(TG_SPAN_ARRAY(mac_key), &message, 1,
                                          expected),
                         TG_OK);
        assert_int_equal(tg_pake_tag(sides[i], &tag), TG_OK);
        assert_true(tg_span_equal(tg_span_buf(&tag), TG_SPAN_ARRAY(expected)));
        assert_int_equal(tg_pake_check(sides[1 - i], tg_span_buf(&tag)),
                         TG_OK);
        tg_buf_free(&tag);
    }
    tg_pake_free(sides[0]);
    tg_pake_free(sides[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_written_in_leb128),
        cmocka_unit_test(parts_follow_their_lengths),
        cmocka_unit_test(the_generator_is_that_of_the_draft),
        cmocka_unit_test(the_password_and_its_padding_fill_the_first_block),
        cmocka_unit_test(keys_are_those_of_the_draft),
        cmocka_unit_test(both_sides_of_the_run_of_the_draft_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
