/* The statements of formats that need little; see forge.h. */
#include "forge.h"

#include <string.h>

void
forge_signed_data(const struct forge *f, struct tg_buf *out)
{
    uint8_t hash[ATTEST_HASH_LEN];

    memcpy(hash, f->client_data_hash, sizeof(hash));
    if (f->sign_other_data)
        hash[0] ^= 1;
    forge_append(out, tg_span_buf(&f->auth_data));
    forge_append(out, (struct tg_span)TG_SPAN_ARRAY(hash));
}

static EVP_PKEY *
leaf_key(const struct forge *f)
{
    return f->leaf_key != NULL ? f->leaf_key : f->key;
}

void
forge_make_leaf(struct forge *f)
{
    X509_free(f->leaf_made);
    f->leaf_made = forge_issue(&f->leaf, leaf_key(f), f->issuer, f->issuer_key);
}

void
forge_statement_begin(struct forge *f, size_t pairs)
{
    forge_cbor_map(&f->statement, pairs + f->more_count - (f->without != NULL));
    forge_append(&f->statement, tg_span_buf(&f->more));
}

bool
forge_member(struct forge *f, const char *name)
{
    if (f->without != NULL && strcmp(f->without, name) == 0)
        return false;
    forge_cbor_text(&f->statement, name);
    return true;
}

static void
put_certificate(struct forge *f, X509 *certificate)
{
    struct tg_buf der = TG_BUF_EMPTY;

    forge_certificate_der(&der, certificate);
    forge_cbor_bytes(&f->statement, tg_span_buf(&der));
    tg_buf_free(&der);
}

void
forge_member_x5c(struct forge *f)
{
    if (!forge_member(f, "x5c"))
        return;
    forge_cbor_array(&f->statement, 1 + f->above_count);
    put_certificate(f, f->instead_of_leaf != NULL ? f->instead_of_leaf
                                                  : f->leaf_made);
    for (size_t i = 0; i < f->above_count; i++)
        put_certificate(f, f->above[i]);
}

static int64_t
statement_algorithm(const struct forge *f, const EVP_PKEY *key)
{
    return f->statement_algorithm != 0 ? f->statement_algorithm
                                       : forge_algorithm(key);
}

static void
put_alg(struct forge *f, const EVP_PKEY *key)
{
    if (forge_member(f, "alg"))
        forge_cbor_integer(&f->statement, statement_algorithm(f, key));
}

void
forge_member_alg(struct forge *f)
{
    put_alg(f, leaf_key(f));
}

static void
put_sig(struct forge *f, EVP_PKEY *key, struct tg_span data)
{
    struct tg_buf signature = TG_BUF_EMPTY;

    if (!forge_member(f, "sig"))
        return;
    forge_sign(&signature, key, statement_algorithm(f, key), data);
    if (f->spoil_signature)
        signature.ptr[signature.len - 1] ^= 1;
    forge_cbor_bytes(&f->statement, tg_span_buf(&signature));
    tg_buf_free(&signature);
}

void
forge_member_sig(struct forge *f, struct tg_span data)
{
    put_sig(f, leaf_key(f), data);
}

void
forge_make_none(struct forge *f)
{
    forge_statement_begin(f, 0);
}

void
forge_make_packed(struct forge *f)
{
    struct tg_buf data = TG_BUF_EMPTY;

    forge_make_leaf(f);
    forge_signed_data(f, &data);
    forge_statement_begin(f, 3);
    forge_member_alg(f);
    forge_member_sig(f, tg_span_buf(&data));
    forge_member_x5c(f);
    tg_buf_free(&data);
}

void
forge_make_packed_self(struct forge *f)
{
    struct tg_buf data = TG_BUF_EMPTY;

    forge_signed_data(f, &data);
    forge_statement_begin(f, 2);
    put_alg(f, f->key);
    put_sig(f, f->key, tg_span_buf(&data));
    tg_buf_free(&data);
}

/* §8.6: 0 ‖ rpIdHash ‖ clientDataHash ‖ credentialId ‖ the key's point. */
void
forge_make_fido_u2f(struct forge *f)
{
    struct tg_buf data = TG_BUF_EMPTY;
    uint8_t hash[ATTEST_HASH_LEN];

    forge_make_leaf(f);
    memcpy(hash, f->client_data_hash, sizeof(hash));
    if (f->sign_other_data)
        hash[0] ^= 1;
    forge_hex(&data, "00");
    forge_append(&data, (struct tg_span){f->auth_data.ptr, ATTEST_HASH_LEN});
    forge_append(&data, (struct tg_span)TG_SPAN_ARRAY(hash));
    forge_append(&data, tg_span_buf(&f->credential_id));
    if (EVP_PKEY_is_a(f->key, "EC") == 1)
        forge_point(&data, f->key);
    forge_statement_begin(f, 2);
    forge_member_sig(f, tg_span_buf(&data));
    forge_member_x5c(f);
    tg_buf_free(&data);
}

/* SEQUENCE { [1] EXPLICIT OCTET STRING }: SHA-256(authData ‖ hash). */
static void
add_nonce(struct forge *f)
{
    struct tg_buf data = TG_BUF_EMPTY;
    struct tg_buf octets = TG_BUF_EMPTY;
    struct tg_buf tagged = TG_BUF_EMPTY;
    uint8_t nonce[ATTEST_HASH_LEN];

    forge_signed_data(f, &data);
    forge_sha256(tg_span_buf(&data), nonce);
    forge_der(&octets, 0x04, (struct tg_span)TG_SPAN_ARRAY(nonce));
    forge_der(&tagged, 0xa1, tg_span_buf(&octets));
    if (f->sequence.len > 0)
        forge_append(&f->extension, tg_span_buf(&f->sequence));
    else
        forge_der(&f->extension, 0x30, tg_span_buf(&tagged));
    forge_add_extension(&f->leaf, "1.2.840.113635.100.8.2",
                        tg_span_buf(&f->extension), false);
    tg_buf_free(&data);
    tg_buf_free(&octets);
    tg_buf_free(&tagged);
}

void
forge_make_apple(struct forge *f)
{
    add_nonce(f);
    forge_make_leaf(f);
    forge_statement_begin(f, 1);
    forge_member_x5c(f);
}

void
forge_make_apple_appattest(struct forge *f)
{
    add_nonce(f);
    forge_make_leaf(f);
    forge_statement_begin(f, 2);
    forge_member_x5c(f);
    if (forge_member(f, "receipt"))
        forge_cbor_bytes(&f->statement, TG_SPAN_LITERAL("receipt"));
}
