/* A device's statement, whole and in parts: nobody whom the relay does not
 * trust is accepted, and what is accepted is so for one challenge only.
 *
 * The first byte chooses what the rest is: the header's value, the JSON that it
 * encodes, an attestation object beside good client data, client data, or
 * authenticator data. */
#include "fuzz.h"

#include "attest/attest.h"
#include "attest/auth_data.h"
#include "attest/client_data.h"
#include "attest/trust.h"
#include "base/base64.h"

enum { NOW = 1750000000 };

static const uint8_t challenge[ATTEST_HASH_LEN] = {0};
#define CLIENT_DATA                                                          \
    "{\"type\":\"webauthn.create\",\"challenge\":"                           \
    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","                       \
    "\"origin\":\"https://example.org\"}"

/* SHA-256 of "example.org". */
static const uint8_t rp_id_hashes[1][ATTEST_HASH_LEN] = {
    {0xbf, 0xab, 0xc3, 0x74, 0x32, 0x95, 0x8b, 0x06, 0x33, 0x60, 0xd3,
     0xad, 0x64, 0x61, 0xc9, 0xc4, 0x73, 0x5a, 0xe7, 0xf8, 0xed, 0xd4,
     0x65, 0x92, 0xa5, 0xe0, 0xf0, 0x14, 0x52, 0xb2, 0xe4, 0xb5}};

/* Accepts every format. */
static struct attest_policy
make_policy(const struct attest_trust *trust)
{
    static const struct tg_span origins[] = {
        TG_SPAN_LITERAL("https://example.org")};

    return (struct attest_policy){
        .rule = ATTEST_REQUIRED,
        .formats = ~0u,
        .packed_self = true,
        .android_software = true,
        .origins = origins,
        .origin_count = 1,
        .rp_id_hashes = rp_id_hashes,
        .rp_id_count = 1,
        .trust = trust,
    };
}

/* Nobody is trusted: what is accepted had no certificates. */
static void
check_header(struct tg_span header)
{
    static const uint8_t other[ATTEST_HASH_LEN] = {1};
    struct attest_trust *nobody = attest_trust_new();
    struct attest_policy policy = make_policy(nobody);
    struct attest_verdict verdict;

    FUZZ_CHECK(nobody != NULL);
    if (header.ptr == NULL) /* would be none at all */
        header = TG_SPAN_LITERAL("");
    verdict = attest_verify(&policy, header, challenge, NOW);
    FUZZ_CHECK((unsigned)verdict.reason < ATTEST_REASONS);
    FUZZ_CHECK(verdict.reason != ATTEST_MISSING);
    FUZZ_CHECK(verdict.reason != ATTEST_UNAVAILABLE);
    if (verdict.reason == ATTEST_FINE) {
        FUZZ_CHECK(verdict.has_format);
        FUZZ_CHECK(verdict.format == ATTEST_NONE ||
                   verdict.format == ATTEST_PACKED);
        FUZZ_CHECK(attest_verify(&policy, header, other, NOW).reason ==
                   ATTEST_CHALLENGE);
        policy.formats = 0;
        FUZZ_CHECK(attest_verify(&policy, header, challenge, NOW).reason ==
                   ATTEST_FORMAT_REFUSED);
    }
    attest_trust_free(nobody);
}

static void
check_json(struct tg_span json)
{
    struct tg_buf header = TG_BUF_EMPTY;

    FUZZ_CHECK(tg_base64url_encode(json, &header) == TG_OK);
    check_header(tg_span_buf(&header));
    tg_buf_free(&header);
}

static void
check_object(struct tg_span object)
{
    struct tg_buf json = TG_BUF_EMPTY;

    FUZZ_CHECK(tg_buf_text(&json, "{\"clientDataJSON\":\"") == TG_OK);
    FUZZ_CHECK(tg_base64url_encode(TG_SPAN_LITERAL(CLIENT_DATA), &json) ==
               TG_OK);
    FUZZ_CHECK(tg_buf_text(&json, "\",\"attestationObject\":\"") == TG_OK);
    FUZZ_CHECK(tg_base64url_encode(object, &json) == TG_OK);
    FUZZ_CHECK(tg_buf_text(&json, "\"}") == TG_OK);
    check_json(tg_span_buf(&json));
    tg_buf_free(&json);
}

static void
check_client_data(struct tg_span json)
{
    struct attest_policy policy = make_policy(NULL);
    enum attest_reason reason;

    reason = client_data_check(json, &policy, challenge);
    FUZZ_CHECK(reason == ATTEST_FINE || reason == ATTEST_MALFORMED ||
               reason == ATTEST_TYPE || reason == ATTEST_CHALLENGE ||
               reason == ATTEST_ORIGIN);
}

static void
check_auth_data(struct tg_span bytes)
{
    struct auth_data data;
    enum attest_reason reason = auth_data_read(bytes, &data);

    FUZZ_CHECK(reason == ATTEST_FINE || reason == ATTEST_MALFORMED ||
               reason == ATTEST_ALGORITHM || reason == ATTEST_KEY);
    if (reason != ATTEST_FINE)
        return;
    FUZZ_CHECK(data.credential_id.ptr > bytes.ptr);
    FUZZ_CHECK(data.credential_id.ptr + data.credential_id.len <
               bytes.ptr + bytes.len);
    FUZZ_CHECK(data.key.pkey != NULL);
    auth_data_done(&data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(struct tg_span) = {
        check_header, check_json, check_object, check_client_data,
        check_auth_data};
    struct tg_span rest = {data, size};
    uint8_t kind = fuzz_take_byte(&rest);

    checks[kind % (sizeof(checks) / sizeof(checks[0]))](rest);
    return 0;
}
