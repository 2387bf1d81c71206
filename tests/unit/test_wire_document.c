/* What is the same for everybody: the relay's pictures, and discovery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_kit.h"

static const struct wire_site open_site = {
    .public_origin = TG_SPAN_LITERAL("https://relay.example"),
};

static uint32_t
number_at(struct tg_span bytes, size_t at)
{
    uint32_t number = 0;

    for (size_t i = 0; i < 4; i++)
        number = number << 8 | bytes.ptr[at + i];
    return number;
}

/* Served for a month, and of the size that the pages tell. */
static void
the_pictures_are_png_files_of_the_size_that_is_told(void **state)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};

    (void)state;
    for (unsigned i = 0; i <= DOCUMENT_PICTURE_CAR; i++) {
        enum wire_document picture = (enum wire_document)i;
        struct wire_answer out;
        struct tg_span bytes;

        assert_int_equal(wire_document(picture, &open_site, NULL, &out),
                         TG_OK);
        bytes = tg_span_buf(&out.body);
        assert_int_equal(out.status, 200);
        kit_header_is(&out, "Content-Type", "image/png");
        kit_header_is(&out, "Cache-Control",
                      "public, max-age=2592000, no-transform");
        assert_true(bytes.len > 1000);
        assert_memory_equal(bytes.ptr, png, sizeof(png));
        assert_int_equal(number_at(bytes, 16), 1200);
        assert_int_equal(number_at(bytes, 20), 630);
        wire_answer_done(&out);
    }
}

/* RFC 9110 §13.1.2: whoever has a picture is not sent it again. */
static void
a_picture_that_is_known_is_not_sent_again(void **state)
{
    static const struct {
        const char *before, *after; /* around its tag */
        unsigned status;
    } cases[] = {{"", "", 304},       {"W/", "", 304},
                 {"\"1\", ", "", 304}, {"\"x", "", 200},
                 {"", " and", 200},   {"\"0\"", NULL, 200},
                 {"*", NULL, 304}};
    struct wire_headers headers = {.if_none_match = {.count = 1}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_ids ids = {0};
        struct wire_answer first;
        struct wire_answer out;
        struct tg_span tag;
        char text[64];

        assert_int_equal(wire_document(DOCUMENT_PICTURE_CAR, &open_site, NULL,
                                       &first), TG_OK);
        tag = kit_find(&first, "ETag");
        snprintf(text, sizeof(text), "%s%.*s%s", cases[i].before,
                 cases[i].after == NULL ? 0 : (int)tag.len,
                 (const char *)tag.ptr,
                 cases[i].after == NULL ? "" : cases[i].after);
        headers.if_none_match.value = tg_span_text(text);
        assert_int_equal(
            wire_parse_headers(CALL_DOCUMENT, &headers, &ids).refusal,
            WIRE_FINE);
        assert_int_equal(wire_document(DOCUMENT_PICTURE_CAR, &open_site, &ids,
                                       &out), TG_OK);
        if (out.status != cases[i].status)
            fail_msg("%s: %u", text, out.status);
        assert_true(tg_span_equal(kit_find(&out, "ETag"), tag));
        assert_int_equal(out.body.len,
                         cases[i].status == 304 ? 0 : first.body.len);
        wire_answer_done(&out);
        wire_answer_done(&first);
    }
}

/* §7 */
static void
discovery_says_what_the_relay_grants(void **state)
{
    static const struct tg_span types[] = {TG_SPAN_LITERAL("com.apple.apns"),
                                           TG_SPAN_LITERAL("org.w3.webpush")};
    static const struct tg_span formats[] = {TG_SPAN_LITERAL("apple"),
                                             TG_SPAN_LITERAL("android-key")};
    const struct wire_terms terms = {.payload_most = 65536,
                                     .lifetime_default = 86400,
                                     .lifetime_max = 172800,
                                     .wait_most_s = 60,
                                     .push_types = types,
                                     .push_type_count = 2,
                                     .attestation = "optional",
                                     .attestation_formats = formats,
                                     .attestation_format_count = 2};
    struct tg_buf json = TG_BUF_EMPTY;
    struct wire_site site = open_site;
    struct wire_answer out;

    (void)state;
    assert_int_equal(wire_format_discovery(&terms, &json), TG_OK);
    site.discovery = tg_span_buf(&json);
    assert_int_equal(wire_document(DOCUMENT_DISCOVERY, &site, NULL, &out),
                     TG_OK);
    kit_header_is(&out, "Content-Type", "application/json");
    kit_span_is(
        tg_span_buf(&out.body),
        "{\"versions\":[\"v1\"],"
        "\"payload\":{"
        "\"types\":[\"AEAD_AES_128_GCM\",\"AEAD_AES_256_GCM\"],"
        "\"maxBytes\":65536},"
        "\"lifetime\":{\"default\":86400,\"max\":172800},"
        "\"notifications\":[\"com.apple.apns\",\"org.w3.webpush\"],"
        "\"attestation\":{\"policy\":\"optional\","
        "\"formats\":[\"apple\",\"android-key\"]},"
        "\"wait\":{\"max\":60}}");
    wire_answer_done(&out);
    tg_buf_free(&json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pictures_are_png_files_of_the_size_that_is_told),
        cmocka_unit_test(a_picture_that_is_known_is_not_sent_again),
        cmocka_unit_test(discovery_says_what_the_relay_grants),
    };

    return cmocka_run_group_tests_name("wire document", tests, NULL, NULL);
}
