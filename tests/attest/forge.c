/* What every statement of a test has; see forge.h. */
#include "forge.h"

#include <stdlib.h>
#include <string.h>

static const char origin[] = "https://wallet.test";
static const char rp_id[] = "wallet.test";

static void
begin_bytes(struct forge *f, enum attest_format format)
{
    static const char appattest[FORGE_AAGUID] = "appattest";

    for (unsigned i = 0; i < ATTEST_HASH_LEN; i++)
        f->challenge[i] = (uint8_t)(i + 0xa0);
    for (unsigned i = 0; i < FORGE_AAGUID; i++)
        f->aaguid[i] = (uint8_t)(i + 1);
    if (format == ATTEST_FIDO_U2F)
        memset(f->aaguid, 0, sizeof(f->aaguid));
    if (format == ATTEST_APPLE_APPATTEST)
        memcpy(f->aaguid, appattest, sizeof(f->aaguid));
}

static void
begin_chain(struct forge *f, enum attest_format format,
            const struct forge_authority *authority)
{
    f->authority = authority;
    f->leaf = forge_leaf_template();
    f->issuer = authority->intermediate;
    f->issuer_key = authority->key;
    f->above[f->above_count++] = authority->intermediate;
    if (format == ATTEST_FIDO_U2F) {
        f->issuer = authority->root;
        f->issuer_key = authority->root_key;
        f->above_count = 0;
    }
    if (format == ATTEST_PACKED || format == ATTEST_FIDO_U2F)
        f->leaf_key = forge_key(FORGE_P256);
}

void
forge_begin(struct forge *f, enum attest_format format,
            const struct forge_authority *authority)
{
    static void (*const makers[ATTEST_FORMATS])(struct forge *) = {
        [ATTEST_APPLE] = forge_make_apple,
        [ATTEST_APPLE_APPATTEST] = forge_make_apple_appattest,
        [ATTEST_PACKED] = forge_make_packed,
        [ATTEST_FIDO_U2F] = forge_make_fido_u2f,
        [ATTEST_NONE] = forge_make_none,
    };

    *f = (struct forge){
        .type = "webauthn.create",
        .origin = origin,
        .client_more = "",
        .rp_id = rp_id,
        .flags = format == ATTEST_APPLE_APPATTEST ? 0x40 : 0x45,
        .key = forge_key(FORGE_P256),
        .format = attest_format_name(format),
        .make = makers[format],
    };
    begin_bytes(f, format);
    begin_chain(f, format, authority);
}

static void
put(struct tg_buf *out, const char *text)
{
    forge_append(out, tg_span_text(text));
}

static void
make_client_data(struct forge *f)
{
    put(&f->client_data, "{\"type\":\"");
    put(&f->client_data, f->type);
    put(&f->client_data, "\",\"challenge\":\"");
    forge_base64url(&f->client_data,
                    (struct tg_span)TG_SPAN_ARRAY(f->challenge));
    put(&f->client_data, "\",\"origin\":\"");
    put(&f->client_data, f->origin);
    put(&f->client_data, "\"");
    put(&f->client_data, f->client_more);
    put(&f->client_data, "}");
    forge_sha256(tg_span_buf(&f->client_data), f->client_data_hash);
}

/* App Attest's is the digest of the key (Apple: "key identifier"). */
static void
make_credential_id(struct forge *f)
{
    static const uint8_t any[ATTEST_HASH_LEN] = {1, 2, 3};
    struct tg_span id = TG_SPAN_ARRAY(any);
    uint8_t digest[ATTEST_HASH_LEN];
    struct tg_buf point = TG_BUF_EMPTY;

    if (f->credential_id.len > 0)
        return;
    if (f->make == forge_make_apple_appattest) {
        forge_point(&point, f->leaf_key != NULL ? f->leaf_key : f->key);
        forge_sha256(tg_span_buf(&point), digest);
        id = (struct tg_span)TG_SPAN_ARRAY(digest);
    }
    forge_append(&f->credential_id, id);
    tg_buf_free(&point);
}

static void
make_auth_data(struct forge *f)
{
    const uint8_t numbers[5] = {
        f->flags, (uint8_t)(f->counter >> 24), (uint8_t)(f->counter >> 16),
        (uint8_t)(f->counter >> 8), (uint8_t)f->counter};
    const uint8_t len[2] = {(uint8_t)(f->credential_id.len >> 8),
                            (uint8_t)f->credential_id.len};
    uint8_t hash[ATTEST_HASH_LEN];
    struct tg_buf *out = &f->auth_data;

    forge_sha256(tg_span_text(f->rp_id), hash);
    forge_append(out, (struct tg_span)TG_SPAN_ARRAY(hash));
    forge_append(out, (struct tg_span)TG_SPAN_ARRAY(numbers));
    if (f->flags & 0x40) {
        forge_append(out, (struct tg_span)TG_SPAN_ARRAY(f->aaguid));
        forge_append(out, (struct tg_span)TG_SPAN_ARRAY(len));
        forge_append(out, tg_span_buf(&f->credential_id));
        if (f->cose_key.len > 0)
            forge_append(out, tg_span_buf(&f->cose_key));
        else
            forge_cose_key(out, f->key,
                           f->algorithm != 0 ? f->algorithm
                                             : forge_algorithm(f->key));
    }
    forge_append(out, tg_span_buf(&f->auth_more));
}

static void
make_object(struct forge *f)
{
    forge_cbor_map(&f->object, 3);
    forge_cbor_text(&f->object, "fmt");
    forge_cbor_text(&f->object, f->format);
    forge_cbor_text(&f->object, "attStmt");
    if (f->raw_statement != NULL)
        forge_hex(&f->object, f->raw_statement);
    else
        forge_append(&f->object, tg_span_buf(&f->statement));
    forge_cbor_text(&f->object, "authData");
    forge_cbor_bytes(&f->object, tg_span_buf(&f->auth_data));
    if (f->object_more != NULL)
        forge_hex(&f->object, f->object_more);
}

struct tg_span
forge_finish(struct forge *f)
{
    struct tg_buf json = TG_BUF_EMPTY;

    make_credential_id(f);
    make_client_data(f);
    make_auth_data(f);
    f->make(f);
    make_object(f);
    put(&json, "{\"clientDataJSON\":\"");
    forge_base64url(&json, tg_span_buf(&f->client_data));
    put(&json, "\",\"attestationObject\":\"");
    forge_base64url(&json, tg_span_buf(&f->object));
    put(&json, "\"}");
    forge_base64url(&f->header, tg_span_buf(&json));
    tg_buf_free(&json);
    return tg_span_buf(&f->header);
}

void
forge_end(struct forge *f)
{
    X509_free(f->leaf_made);
    EVP_PKEY_free(f->leaf_key);
    EVP_PKEY_free(f->key);
    tg_buf_free(&f->credential_id);
    tg_buf_free(&f->cose_key);
    tg_buf_free(&f->auth_more);
    tg_buf_free(&f->more);
    tg_buf_free(&f->sequence);
    tg_buf_free(&f->client_data);
    tg_buf_free(&f->auth_data);
    tg_buf_free(&f->extension);
    tg_buf_free(&f->statement);
    tg_buf_free(&f->object);
    tg_buf_free(&f->header);
}

void
forge_policy(struct attest_policy *policy, enum attest_format format,
             const struct attest_trust *trust)
{
    static const struct tg_span origins[] = {
        {(const uint8_t *)origin, sizeof(origin) - 1}};
    static uint8_t hashes[1][ATTEST_HASH_LEN];

    forge_sha256(tg_span_text(rp_id), hashes[0]);
    *policy = (struct attest_policy){
        .rule = ATTEST_REQUIRED,
        .formats = 1u << format,
        .origins = origins,
        .origin_count = 1,
        .rp_id_hashes = (const uint8_t(*)[ATTEST_HASH_LEN])hashes,
        .rp_id_count = 1,
        .trust = trust,
    };
}
