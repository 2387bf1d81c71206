/* See forge_tpm.h. */
#include "forge_tpm.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

struct forge_tpm
forge_tpm_template(void)
{
    return (struct forge_tpm){
        .name_alg = 0x000b,
        .attributes = 0x00060472,
        .auth_policy = "0004 01020304",
        .symmetric = "0010",
        .scheme = "0010",
        .exponent = "00000000",
        .kdf = "0010",
        .pub_behind = "",
        .magic = "ff544347",
        .attest_type = "8017",
        .signer = "0004 000b0102",
        .clock = "0000000012345678 00000003 00000004 01 0102030405060708",
        .qualified_name = "0004 000b0304",
        .info_behind = "",
        .version = "2.0",
        .names = "3138" TPM_VERSION TPM_MODEL TPM_MANUFACTURER,
        .purposes = TPM_AIK_PURPOSE,
        .purposes_behind = "",
    };
}

static void
put_u16(struct tg_buf *out, unsigned number)
{
    const uint8_t bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};

    forge_append(out, (struct tg_span)TG_SPAN_ARRAY(bytes));
}

static void
put_sized(struct tg_buf *out, struct tg_span bytes)
{
    put_u16(out, (unsigned)bytes.len);
    forge_append(out, bytes);
}

/* A number of the key in `len` bytes, with zeros in front. */
static void
put_number(struct tg_buf *out, const EVP_PKEY *key, const char *name,
           size_t len)
{
    uint8_t bytes[1024];
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &number) != 1 ||
        BN_bn2binpad(number, bytes, (int)len) != (int)len)
        abort();
    BN_free(number);
    put_sized(out, (struct tg_span){bytes, len});
}

static void
put_hex_or(struct tg_buf *out, const char *hex, unsigned otherwise)
{
    if (hex != NULL)
        forge_hex(out, hex);
    else
        put_u16(out, otherwise);
}

static void
put_ec(struct tg_buf *out, const struct forge_tpm *tpm, const EVP_PKEY *key)
{
    unsigned bits = (unsigned)EVP_PKEY_get_bits(key);
    size_t len = (bits + 7) / 8 + tpm->zeros;

    put_hex_or(out, tpm->key_bits, bits == 521 ? 5 : bits == 384 ? 4 : 3);
    forge_hex(out, tpm->kdf);
    put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, len);
    put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, len);
}

static void
put_rsa(struct tg_buf *out, const struct forge_tpm *tpm, const EVP_PKEY *key)
{
    unsigned bits = (unsigned)EVP_PKEY_get_bits(key);

    put_hex_or(out, tpm->key_bits, bits);
    forge_hex(out, tpm->exponent);
    put_number(out, key, OSSL_PKEY_PARAM_RSA_N, bits / 8 + tpm->zeros);
}

void
forge_tpm_public(struct tg_buf *out, const struct forge_tpm *tpm,
                 const EVP_PKEY *key)
{
    bool is_ec = EVP_PKEY_is_a(key, "EC") == 1;

    put_hex_or(out, tpm->type, is_ec ? 0x0023 : 0x0001);
    put_u16(out, tpm->name_alg);
    put_u16(out, tpm->attributes >> 16);
    put_u16(out, tpm->attributes & 0xffff);
    forge_hex(out, tpm->auth_policy);
    forge_hex(out, tpm->symmetric);
    forge_hex(out, tpm->scheme);
    if (is_ec)
        put_ec(out, tpm, key);
    else
        put_rsa(out, tpm, key);
    forge_hex(out, tpm->pub_behind);
}

static const char *
digest_of_name(unsigned name_alg)
{
    return name_alg == 0x0004   ? "SHA1"
           : name_alg == 0x000c ? "SHA384"
           : name_alg == 0x000d ? "SHA512"
                                : "SHA256";
}

static void
put_digest(struct tg_buf *out, const char *digest, struct tg_span data,
           bool spoil)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(data.ptr, data.len, bytes, &len,
                   EVP_get_digestbyname(digest), NULL) != 1)
        abort();
    if (spoil)
        bytes[len - 1] ^= 1;
    forge_append(out, (struct tg_span){bytes, len});
}

void
forge_tpm_attest(struct tg_buf *out, const struct forge_tpm *tpm,
                 struct tg_span extra_data, struct tg_span pub_area)
{
    struct tg_buf name = TG_BUF_EMPTY;

    forge_hex(out, tpm->magic);
    forge_hex(out, tpm->attest_type);
    forge_hex(out, tpm->signer);
    if (tpm->extra_data != NULL)
        forge_hex(out, tpm->extra_data);
    else
        put_sized(out, extra_data);
    forge_hex(out, tpm->clock);
    put_hex_or(&name, tpm->name_prefix, tpm->name_alg);
    put_digest(&name, digest_of_name(tpm->name_alg), pub_area, tpm->other_name);
    if (tpm->name != NULL)
        forge_hex(out, tpm->name);
    else
        put_sized(out, tg_span_buf(&name));
    forge_hex(out, tpm->qualified_name);
    forge_hex(out, tpm->info_behind);
    tg_buf_free(&name);
}

void
forge_tpm_names(struct tg_buf *out, const char *sets)
{
    struct tg_buf content = TG_BUF_EMPTY;
    struct tg_buf name = TG_BUF_EMPTY;
    struct tg_buf tagged = TG_BUF_EMPTY;

    forge_hex(&content, sets);
    forge_der(&name, 0x30, tg_span_buf(&content));
    forge_der(&tagged, 0xa4, tg_span_buf(&name));
    forge_der(out, 0x30, tg_span_buf(&tagged));
    tg_buf_free(&content);
    tg_buf_free(&name);
    tg_buf_free(&tagged);
}

static void
add_extensions(struct forge *f, struct forge_tpm *tpm)
{
    struct tg_buf purposes = TG_BUF_EMPTY;

    if (tpm->names != NULL) {
        forge_tpm_names(&tpm->extensions[0], tpm->names);
        forge_add_extension(&f->leaf, "2.5.29.17",
                            tg_span_buf(&tpm->extensions[0]),
                            !tpm->names_not_critical);
    }
    if (tpm->purposes != NULL) {
        forge_hex(&purposes, tpm->purposes);
        forge_der(&tpm->extensions[1], 0x30, tg_span_buf(&purposes));
        forge_hex(&tpm->extensions[1], tpm->purposes_behind);
        forge_add_extension(&f->leaf, "2.5.29.37",
                            tg_span_buf(&tpm->extensions[1]), false);
    }
    if (tpm->aaguid != NULL) {
        forge_hex(&tpm->extensions[2], tpm->aaguid);
        forge_add_extension(&f->leaf, "1.3.6.1.4.1.45724.1.1.4",
                            tg_span_buf(&tpm->extensions[2]), false);
    }
    tg_buf_free(&purposes);
}

static const char *
digest_of_algorithm(int64_t algorithm)
{
    return algorithm == -35      ? "SHA384"
           : algorithm == -36    ? "SHA512"
           : algorithm == -65535 ? "SHA1"
                                 : "SHA256";
}

static void
put_members(struct forge *f, const struct forge_tpm *tpm,
            struct tg_span pub_area, struct tg_span cert_info)
{
    forge_statement_begin(f, 6);
    forge_member_alg(f);
    forge_member_sig(f, cert_info);
    if (forge_member(f, "ver"))
        forge_cbor_text(&f->statement, tpm->version);
    forge_member_x5c(f);
    if (forge_member(f, "pubArea"))
        forge_cbor_bytes(&f->statement, pub_area);
    if (forge_member(f, "certInfo"))
        forge_cbor_bytes(&f->statement, cert_info);
}

static void
make_tpm(struct forge *f)
{
    struct forge_tpm *tpm = f->self;
    int64_t algorithm = f->statement_algorithm != 0
                            ? f->statement_algorithm
                            : forge_algorithm(f->leaf_key);
    struct tg_buf data = TG_BUF_EMPTY;
    struct tg_buf extra = TG_BUF_EMPTY;
    struct tg_buf pub_area = TG_BUF_EMPTY;
    struct tg_buf cert_info = TG_BUF_EMPTY;

    add_extensions(f, tpm);
    forge_make_leaf(f);
    forge_signed_data(f, &data);
    put_digest(&extra, digest_of_algorithm(algorithm), tg_span_buf(&data),
               tpm->other_extra_data);
    forge_tpm_public(&pub_area, tpm,
                     tpm->other_key != NULL ? tpm->other_key : f->key);
    forge_tpm_attest(&cert_info, tpm, tg_span_buf(&extra),
                     tg_span_buf(&pub_area));
    put_members(f, tpm, tg_span_buf(&pub_area), tg_span_buf(&cert_info));
    tg_buf_free(&data);
    tg_buf_free(&extra);
    tg_buf_free(&pub_area);
    tg_buf_free(&cert_info);
}

void
forge_begin_tpm(struct forge *f, struct forge_tpm *tpm,
                const struct forge_authority *authority)
{
    forge_begin(f, ATTEST_TPM, authority);
    f->make = make_tpm;
    f->self = tpm;
    f->leaf_key = forge_key(FORGE_RSA);
    f->leaf.subject = "";
    f->leaf.key_usage = "critical,digitalSignature";
}

void
forge_tpm_done(struct forge_tpm *tpm)
{
    for (int i = 0; i < 3; i++)
        tg_buf_free(&tpm->extensions[i]);
}
