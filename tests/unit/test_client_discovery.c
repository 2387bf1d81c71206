/* What a relay says of itself (§7), as a device reads it; and what becomes of
 * the body of a create when it is known. Fetching and keeping is in
 * tests/scenario/discovery_client_test.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/discovery.h"
#include "client/relay_client_body.h"

#define FULL                                                                 \
    "{\"versions\":[\"v1\",\"v2\"],\"payload\":{\"types\":"                  \
    "[\"AEAD_AES_128_GCM\"],\"maxBytes\":65536},"                            \
    "\"lifetime\":{\"default\":3600,\"max\":172800},"                        \
    "\"notifications\":[\"org.w3.webpush\"],"                                \
    "\"attestation\":{\"policy\":\"required\",\"formats\":[\"apple\"]},"     \
    "\"wait\":{\"max\":0},\"later\":{\"more\":[1]}}"

static enum tg_err
parse(const char *text, struct tg_relay_info *out)
{
    return discovery_parse(tg_span_text(text), out);
}

/* §7 */
static void
everything_that_a_relay_says_is_read(void **state)
{
    struct tg_relay_info info;

    (void)state;
    assert_int_equal(parse(FULL, &info), TG_OK);
    assert_string_equal(tg_relay_info_version(&info, 0), "v1");
    assert_string_equal(tg_relay_info_version(&info, 1), "v2");
    assert_null(tg_relay_info_version(&info, 2));
    assert_string_equal(tg_relay_info_payload_type(&info, 0),
                        "AEAD_AES_128_GCM");
    assert_int_equal(tg_relay_info_payload_max(&info), 65536);
    assert_int_equal(tg_relay_info_lifetime_default_s(&info), 3600);
    assert_int_equal(tg_relay_info_lifetime_max_s(&info), 172800);
    assert_string_equal(tg_relay_info_notification(&info, 0),
                        "org.w3.webpush");
    assert_int_equal(tg_relay_info_attestation(&info),
                     TG_ATTESTATION_REQUIRED);
    assert_string_equal(tg_relay_info_attestation_format(&info, 0), "apple");
    assert_int_equal(tg_relay_info_wait_max_s(&info), 0);
}

static void
what_was_not_said_is_told_from_nothing(void **state)
{
    struct tg_relay_info info;

    (void)state;
    assert_int_equal(parse("{\"notifications\":[],\"versions\":null}", &info),
                     TG_OK);
    assert_true(info.notifications.is_said);
    assert_false(info.versions.is_said);
    assert_null(tg_relay_info_notification(&info, 0));
    assert_null(tg_relay_info_version(&info, 0));
    assert_int_equal(tg_relay_info_payload_max(&info), -1);
    assert_int_equal(tg_relay_info_lifetime_default_s(&info), -1);
    assert_int_equal(tg_relay_info_lifetime_max_s(&info), -1);
    assert_int_equal(tg_relay_info_wait_max_s(&info), -1);
    assert_int_equal(tg_relay_info_attestation(&info), TG_ATTESTATION_UNSAID);
}

static void
words_that_are_not_known_are_no_mistake(void **state)
{
    struct tg_relay_info info;

    (void)state;
    assert_int_equal(parse("{\"versions\":[\"\",\"a b\",\"\\u00e9\",\"v1\"],"
                           "\"attestation\":{\"policy\":\"maybe\"}}",
                           &info),
                     TG_OK);
    assert_string_equal(tg_relay_info_version(&info, 0), "v1");
    assert_null(tg_relay_info_version(&info, 1));
    assert_int_equal(tg_relay_info_attestation(&info), TG_ATTESTATION_OTHER);
}

static void
a_document_with_a_mistake_is_as_good_as_none(void **state)
{
    static const struct {
        const char *text;
        enum tg_err err;
    } cases[] = {
        {"", TG_E_FORMAT},
        {"[]", TG_E_FORMAT},
        {"\"v1\"", TG_E_FORMAT},
        {"{} {}", TG_E_FORMAT},
        {"{\"versions\":[\"v1\"],\"versions\":[]}", TG_E_FORMAT},
        {"{\"versions\":\"v1\"}", TG_E_FORMAT},
        {"{\"versions\":{\"v1\":true}}", TG_E_FORMAT},
        {"{\"versions\":[\"v1\",1]}", TG_E_FORMAT},
        {"{\"versions\":[null]}", TG_E_FORMAT},
        {"{\"notifications\":true}", TG_E_FORMAT},
        {"{\"payload\":[]}", TG_E_FORMAT},
        {"{\"payload\":{\"types\":\"x\"}}", TG_E_FORMAT},
        {"{\"payload\":{\"maxBytes\":\"1\"}}", TG_E_FORMAT},
        {"{\"payload\":{\"maxBytes\":1.5}}", TG_E_FORMAT},
        {"{\"payload\":{\"maxBytes\":0}}", TG_E_LIMIT},
        {"{\"payload\":{\"maxBytes\":-1}}", TG_E_LIMIT},
        {"{\"payload\":{\"maxBytes\":2147483648}}", TG_E_LIMIT},
        {"{\"payload\":{\"maxBytes\":99999999999999999999}}", TG_E_FORMAT},
        {"{\"lifetime\":3600}", TG_E_FORMAT},
        {"{\"lifetime\":{\"max\":0}}", TG_E_LIMIT},
        {"{\"lifetime\":{\"default\":2,\"max\":1}}", TG_E_LIMIT},
        {"{\"wait\":{\"max\":-1}}", TG_E_LIMIT},
        {"{\"wait\":60}", TG_E_FORMAT},
        {"{\"attestation\":{\"policy\":1}}", TG_E_FORMAT},
        {"{\"attestation\":{\"formats\":{}}}", TG_E_FORMAT},
        {"{\"attestation\":\"none\"}", TG_E_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_relay_info info = {.payload_max = 7};

        if (parse(cases[i].text, &info) != cases[i].err)
            fail_msg("%s", cases[i].text);
        assert_int_equal(info.payload_max, 7);
    }
}

/* A document whose list has so many versions, and so many spaces before it. */
static enum tg_err
parse_large(size_t words, size_t spaces)
{
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_relay_info info;
    enum tg_err err;

    for (size_t i = 0; i < spaces; i++)
        assert_int_equal(tg_buf_byte(&text, ' '), TG_OK);
    assert_int_equal(tg_buf_text(&text, "{\"versions\":["), TG_OK);
    for (size_t i = 0; i < words; i++)
        assert_int_equal(tg_buf_text(&text, i > 0 ? ",\"v\"" : "\"v\""),
                         TG_OK);
    assert_int_equal(tg_buf_text(&text, "]}"), TG_OK);
    err = discovery_parse(tg_span_buf(&text), &info);
    tg_buf_free(&text);
    return err;
}

static void
a_document_may_have_16_kib_and_lists_of_16(void **state)
{
    const size_t rest = strlen("{\"versions\":[]}");

    (void)state;
    assert_int_equal(parse_large(DISCOVERY_LIST_MAX, 0), TG_OK);
    assert_int_equal(parse_large(DISCOVERY_LIST_MAX + 1, 0), TG_E_LIMIT);
    assert_int_equal(parse_large(0, DISCOVERY_MAX - rest), TG_OK);
    assert_int_equal(parse_large(0, DISCOVERY_MAX - rest + 1), TG_E_LIMIT);
}

static void
a_word_may_have_64_characters(void **state)
{
    char text[160];
    struct tg_relay_info info;

    (void)state;
    snprintf(text, sizeof(text), "{\"notifications\":[\"%064d\",\"%065d\"]}",
             1, 2);
    assert_int_equal(parse(text, &info), TG_OK);
    assert_int_equal(strlen(tg_relay_info_notification(&info, 0)), 64);
    assert_null(tg_relay_info_notification(&info, 1));
}

static void
memory_that_runs_out_is_not_the_relays_mistake(void **state)
{
    struct tg_relay_info info;
    enum tg_err err = TG_E_NOMEM;

    (void)state;
    for (long calls = 0; err != TG_OK; calls++) {
        tg_alloc_fail_after(calls);
        err = parse(FULL, &info);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        assert_true(calls < 200);
    }
}

/* ---- the body of a create ---------------------------------------------- */

/* Of a payload of `len` bytes. */
static struct tg_buf
create_body(size_t len, const char *rights, const char *token)
{
    static const uint8_t payload[64];
    const struct tg_relay_offer offer = {
        .payload_type = "AEAD_AES_128_GCM",
        .payload = {payload, len},
        .title = "Key",
        .description = "Of the red car",
        .image_url = "https://images.example/key.png",
        .access_rights = rights,
        .token_type = token,
        .token_data = token != NULL ? "data" : NULL,
    };
    struct tg_buf body = TG_BUF_EMPTY;

    assert_int_equal(relay_client_body_create(&offer, &body), TG_OK);
    return body;
}

static void
what_a_create_wishes_is_seen_in_its_body(void **state)
{
    (void)state;
    for (size_t len = 29; len <= 34; len++) {
        struct tg_buf body = create_body(len, "RWD", "org.w3.webpush");
        struct relay_client_wish wish;

        assert_int_equal(relay_client_body_look(tg_span_buf(&body), &wish),
                         TG_OK);
        assert_int_equal(wish.payload_len, len);
        assert_int_equal(wish.lifetime_s, 48 * 3600);
        assert_true(tg_span_is(tg_span_buf(&wish.token), "org.w3.webpush"));
        tg_buf_free(&wish.token);
        tg_buf_free(&body);
    }
}

static void
check_change(const struct relay_client_change *change, const char *rights,
             const char *token, const char *end)
{
    struct tg_buf body = create_body(29, rights, token);
    struct tg_buf out = TG_BUF_EMPTY;
    const char *start = "{\"payload\":{\"type\":\"AEAD_AES_128_GCM\","
                        "\"data\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
                        "\"},\"displayInformation\":{\"title\":\"Key\","
                        "\"description\":\"Of the red car\",\"imageURL\":"
                        "\"https://images.example/key.png\"}";
    char wanted[640];

    snprintf(wanted, sizeof(wanted), "%s%s", start, end);
    assert_int_equal(relay_client_body_change(tg_span_buf(&body), change,
                                              &out),
                     TG_OK);
    assert_int_equal(tg_buf_terminate(&out), TG_OK);
    assert_string_equal((const char *)out.ptr, wanted);
    tg_buf_free(&out);
    tg_buf_free(&body);
}

/* §7, §8 */
static void
a_create_takes_the_relays_lifetime_and_a_token_that_it_rings(void **state)
{
    const struct relay_client_change nothing = {.keep_token = true};
    const struct relay_client_change no_token = {.lifetime_s = 60};
    const struct relay_client_change other = {
        .lifetime_s = 60, .token_type = "new", .token_data = "more"};

    (void)state;
    check_change(&nothing, "R", "old",
                 ",\"mailboxConfiguration\":{\"accessRights\":\"R\","
                 "\"lifetime\":172800},\"notificationToken\":{\"type\":"
                 "\"old\",\"tokenData\":\"data\"}}");
    check_change(&nothing, NULL, NULL, "}");
    check_change(&no_token, "R", "old",
                 ",\"mailboxConfiguration\":{\"accessRights\":\"R\","
                 "\"lifetime\":60}}");
    check_change(&no_token, NULL, "old", "}");
    check_change(&other, NULL, "old",
                 ",\"notificationToken\":{\"type\":\"new\",\"tokenData\":"
                 "\"more\"}}");
    check_change(&other, NULL, NULL,
                 ",\"notificationToken\":{\"type\":\"new\",\"tokenData\":"
                 "\"more\"}}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_a_relay_says_is_read),
        cmocka_unit_test(what_was_not_said_is_told_from_nothing),
        cmocka_unit_test(words_that_are_not_known_are_no_mistake),
        cmocka_unit_test(a_document_with_a_mistake_is_as_good_as_none),
        cmocka_unit_test(a_document_may_have_16_kib_and_lists_of_16),
        cmocka_unit_test(a_word_may_have_64_characters),
        cmocka_unit_test(memory_that_runs_out_is_not_the_relays_mistake),
        cmocka_unit_test(what_a_create_wishes_is_seen_in_its_body),
        cmocka_unit_test(
            a_create_takes_the_relays_lifetime_and_a_token_that_it_rings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
