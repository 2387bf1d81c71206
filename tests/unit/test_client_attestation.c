/* A device's statement for a create: what it is about and how it is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "client/attestation.h"

#define CLAIM "0f0e0d0c-0b0a-4908-8706-050403020100"
#define REQUEST "12345678-9abc-4def-8123-456789abcdef"
#define DATA "2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w=="
#define BODY "{\"payload\":{\"type\":\"AEAD_AES_128_GCM\",\"data\":\"" DATA \
    "\"},\"displayInformation\":{}}"

/* What Python's hashlib and base64 make of the above, by the words of D9 and
 * of R-ATT-1. */
static const char challenge_hex[] =
    "726f17c0faef65d702d75277b70cc27b237ac979e72f04c4ce73ab20fb5fa08f";
static const char challenge_text[] =
    "cm8XwPrvZdcC11J3twzCeyN6yXnnLwTEznOrIPtfoI8";
static const char object[] = "object \xfb\xef\xbe?";
static const char line_of_both[] =
    "Mailbox-Device-Attestation: eyJjbGllbnREYXRhSlNPTiI6IlkyeHBaVzUwSVBfLUlHUm"
    "hkR0UiLCJhdHRlc3RhdGlvbk9iamVjdCI6ImIySnFaV04wSVB2dnZqOCJ9";

/* A provider that keeps what it was asked, and answers as it is told. */
struct device {
    enum tg_err answer;
    struct tg_span object;
    size_t asked;
    uint8_t challenge[TG_ATTESTATION_CHALLENGE_LEN];
    char origin[64];
    char rp_id[64];
    char formats[64]; /* with spaces between; "-" for not known */
};

static enum tg_err
attest(void *self, const struct tg_attestation_request *request,
       struct tg_attestation_statement *out)
{
    struct device *device = self;
    size_t len = 0;

    device->asked++;
    memcpy(device->challenge, request->challenge, sizeof(device->challenge));
    snprintf(device->origin, sizeof(device->origin), "%s", request->origin);
    snprintf(device->rp_id, sizeof(device->rp_id), "%s", request->rp_id);
    snprintf(device->formats, sizeof(device->formats), "-");
    for (size_t i = 0; request->formats != NULL && request->formats[i] != NULL;
         i++)
        len += (size_t)snprintf(device->formats + len,
                                sizeof(device->formats) - len, "%s ",
                                request->formats[i]);
    if (device->answer != TG_OK || device->object.len == 0)
        return device->answer;
    return tg_attestation_give(out, TG_SPAN_LITERAL("client \xff\xfe data"),
                               device->object);
}

static struct device
good_device(void)
{
    return (struct device){
        .object = {(const uint8_t *)object, sizeof(object) - 1}};
}

static enum tg_err
make(const struct tg_attestation_provider *provider,
     const struct discovery_list *formats, struct tg_buf *line)
{
    const struct tg_relay_call call = {.relay = "Relay.example:8443",
                                       .claim = CLAIM,
                                       .request_id = REQUEST};

    return attestation_make(provider, &call, TG_SPAN_LITERAL(BODY), formats,
                            line);
}

static void
to_hex(const uint8_t *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* D9 */
static void
the_challenge_covers_claim_request_type_and_decoded_data(void **state)
{
    struct device device = good_device();
    const struct tg_attestation_provider provider = {.attest = attest,
                                                     .self = &device};
    struct tg_buf line = TG_BUF_EMPTY;
    char hex[2 * TG_ATTESTATION_CHALLENGE_LEN + 1];

    (void)state;
    assert_int_equal(make(&provider, NULL, &line), TG_OK);
    to_hex(device.challenge, sizeof(device.challenge), hex);
    assert_string_equal(hex, challenge_hex);
    tg_buf_free(&line);
}

/* R-ATT-1 */
static void
the_header_is_base64url_of_json_without_padding(void **state)
{
    struct device device = good_device();
    const struct tg_attestation_provider provider = {.attest = attest,
                                                     .self = &device};
    struct tg_buf line = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(make(&provider, NULL, &line), TG_OK);
    assert_string_equal((const char *)line.ptr, line_of_both);
    assert_int_equal(line.len, strlen(line_of_both));
    tg_buf_free(&line);
}

/* R-ATT-2 */
static void
a_provider_is_told_the_relays_origin_unless_it_names_its_own(void **state)
{
    struct device device = good_device();
    struct tg_attestation_provider provider = {.attest = attest,
                                               .self = &device};
    const struct discovery_list formats = {true, 2, {"apple", "packed"}};
    const struct discovery_list unsaid = {false, 0, {""}};
    struct tg_buf line = TG_BUF_EMPTY;

    (void)state;
    assert_int_equal(make(&provider, &formats, &line), TG_OK);
    assert_string_equal(device.origin, "https://relay.example:8443");
    assert_string_equal(device.rp_id, "relay.example");
    assert_string_equal(device.formats, "apple packed ");

    provider.origin = "https://wallet.example";
    provider.rp_id = "ABCDE12345.example.wallet";
    assert_int_equal(make(&provider, &unsaid, &line), TG_OK);
    assert_string_equal(device.origin, "https://wallet.example");
    assert_string_equal(device.rp_id, "ABCDE12345.example.wallet");
    assert_string_equal(device.formats, "-");
    tg_buf_free(&line);
}

/* R-ATT-1 */
static void
a_device_that_cannot_says_so_and_leaves_nothing_behind(void **state)
{
    static const struct {
        enum tg_err answer;
        enum tg_err result;
    } cases[] = {
        {TG_E_UNKNOWN, TG_E_ATTESTATION}, {TG_E_IO, TG_E_ATTESTATION},
        {TG_E_NETWORK, TG_E_NETWORK},     {TG_E_BUSY, TG_E_BUSY},
        {TG_E_NOMEM, TG_E_NOMEM},
    };
    struct device device = good_device();
    const struct tg_attestation_provider provider = {.attest = attest,
                                                     .self = &device};
    struct tg_buf line = TG_BUF_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        device.answer = cases[i].answer;
        assert_int_equal(make(&provider, NULL, &line), cases[i].result);
        assert_int_equal(line.len, 0);
    }
    device = (struct device){.answer = TG_OK}; /* and gives nothing */
    assert_int_equal(make(&provider, NULL, &line), TG_E_ATTESTATION);
    assert_int_equal(line.len, 0);
}

/* R-ATT-1 */
static void
a_statement_that_no_relay_would_look_at_is_not_sent(void **state)
{
    static uint8_t large[ATTESTATION_VALUE_MAX];
    struct device device = good_device();
    const struct tg_attestation_provider provider = {.attest = attest,
                                                     .self = &device};
    struct tg_buf line = TG_BUF_EMPTY;
    size_t most = 0;

    (void)state;
    device.object.ptr = large;
    for (size_t len = 9000; len < 10000 && most == 0; len++) {
        device.object.len = len;
        if (make(&provider, NULL, &line) != TG_OK)
            most = len - 1;
    }
    /* What was made last stays: it is as long as may be, or nearly. */
    assert_in_range(most, 9000, 9999);
    assert_in_range(line.len, strlen("Mailbox-Device-Attestation: ") +
                                  ATTESTATION_VALUE_MAX - 3,
                    strlen("Mailbox-Device-Attestation: ") +
                        ATTESTATION_VALUE_MAX);
    tg_buf_free(&line);
}

/* R-ATT-2 */
static void
client_data_are_those_of_a_registration(void **state)
{
    struct tg_attestation_request request = {.origin = "https://a.example/\"",
                                             .rp_id = "a.example"};
    struct tg_buf text = TG_BUF_EMPTY;
    char wanted[256];

    (void)state;
    for (size_t i = 0; i < sizeof(request.challenge); i++) {
        unsigned byte;

        assert_int_equal(sscanf(challenge_hex + 2 * i, "%2x", &byte), 1);
        request.challenge[i] = (uint8_t)byte;
    }
    snprintf(wanted, sizeof(wanted),
             "{\"type\":\"webauthn.create\",\"challenge\":\"%s\",\"origin\":"
             "\"https://a.example/\\\"\",\"crossOrigin\":false}",
             challenge_text);
    assert_int_equal(tg_attestation_client_data(&request, &text), TG_OK);
    assert_int_equal(text.len, strlen(wanted));
    assert_memory_equal(text.ptr, wanted, text.len);
    tg_buf_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_challenge_covers_claim_request_type_and_decoded_data),
        cmocka_unit_test(the_header_is_base64url_of_json_without_padding),
        cmocka_unit_test(
            a_provider_is_told_the_relays_origin_unless_it_names_its_own),
        cmocka_unit_test(
            a_device_that_cannot_says_so_and_leaves_nothing_behind),
        cmocka_unit_test(a_statement_that_no_relay_would_look_at_is_not_sent),
        cmocka_unit_test(client_data_are_those_of_a_registration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
