/* See cose.h. */
#include "attest/cose.h"

#include <assert.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "attest/library.h"

/* IANA COSE: key types, curves, and the labels of a key's members. */
enum { TYPE_OKP = 1, TYPE_EC2 = 2, TYPE_RSA = 3 };
enum { CURVE_P256 = 1, CURVE_P384 = 2, CURVE_P521 = 3, CURVE_ED25519 = 6,
       CURVE_ED448 = 7 };
enum { LABEL_TYPE = 1, LABEL_ALGORITHM = 3, LABEL_CURVE = -1, LABEL_X = -2,
       LABEL_Y = -3, LABEL_N = -1, LABEL_E = -2 };
enum { MEMBERS_EC2 = 5, MEMBERS_OKP = 4, MEMBERS_RSA = 4 };

enum { P256_LEN = 32, P384_LEN = 48, P521_LEN = 66, ED25519_LEN = 32,
       ED448_LEN = 57, POINT_MOST = 1 + 2 * P521_LEN };

#define EC_KIND(algorithm, curve, group, digest) \
    {(algorithm), TYPE_EC2, CURVE_##curve, curve##_LEN, "EC", group, digest}
#define ED_KIND(algorithm, curve) \
    {(algorithm), TYPE_OKP, CURVE_##curve, curve##_LEN, #curve, NULL, NULL}

/* WebAuthn Level 3 §5.8.5: one curve for each algorithm. */
static const struct cose_kind kinds[] = {
    EC_KIND(COSE_ES256, P256, SN_X9_62_prime256v1, "SHA256"),
    EC_KIND(COSE_ESP256, P256, SN_X9_62_prime256v1, "SHA256"),
    EC_KIND(COSE_ES384, P384, SN_secp384r1, "SHA384"),
    EC_KIND(COSE_ESP384, P384, SN_secp384r1, "SHA384"),
    EC_KIND(COSE_ES512, P521, SN_secp521r1, "SHA512"),
    EC_KIND(COSE_ESP512, P521, SN_secp521r1, "SHA512"),
    ED_KIND(COSE_EDDSA, ED25519),
    ED_KIND(COSE_ED25519, ED25519),
    ED_KIND(COSE_ED448, ED448),
    {COSE_RS256, TYPE_RSA, 0, 0, "RSA", NULL, "SHA256"},
};

const struct cose_kind cose_rs1 = {
    .key_type = TYPE_RSA, .key_name = "RSA", .digest = "SHA1"};

const struct cose_kind *
cose_kind_find(int64_t algorithm)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].algorithm == algorithm)
            return &kinds[i];
    return NULL;
}

bool
cose_is_supported(int64_t algorithm)
{
    return cose_kind_find(algorithm) != NULL;
}

/* Verifying raises to the exponent: a long one is a lot of work. */
static bool
exponent_is_fine(const EVP_PKEY *key)
{
    BIGNUM *e = NULL;
    bool is = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
              BN_is_odd(e) && !BN_is_one(e) &&
              BN_num_bits(e) <= COSE_RSA_EXPONENT_BITS_MOST;

    BN_free(e);
    return is;
}

bool
cose_kind_fits(const struct cose_kind *kind, const EVP_PKEY *key)
{
    char group[32];

    if (EVP_PKEY_is_a(key, kind->key_name) != 1)
        return false;
    if (kind->group != NULL)
        return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
               strcmp(group, kind->group) == 0;
    if (kind->key_type == TYPE_RSA) {
        int bits = EVP_PKEY_get_bits(key);

        return bits >= COSE_RSA_BITS_LEAST && bits <= COSE_RSA_BITS_MOST &&
               exponent_is_fine(key);
    }
    return true;
}

/* ---- a key out of its members ------------------------------------------ */

static bool
take_bytes(const struct cbor_item *map, int64_t label, struct tg_span *out)
{
    struct cbor_item item;

    if (!cbor_member_int(map, label, &item) || item.kind != CBOR_BYTES)
        return false;
    *out = item.content;
    return true;
}

static bool
take_integer(const struct cbor_item *map, int64_t label, int64_t *out)
{
    struct cbor_item item;

    if (!cbor_member_int(map, label, &item) || item.kind != CBOR_INTEGER)
        return false;
    *out = item.integer;
    return true;
}

/* ATTEST_KEY: OpenSSL refuses what the parameters say. */
static enum attest_reason
from_params(const char *name, OSSL_PARAM *params, EVP_PKEY **out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(library_context(), name,
                                                   NULL);
    enum attest_reason reason = ATTEST_UNAVAILABLE;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        goto out;
    reason = ATTEST_KEY;
    if (EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1)
        reason = ATTEST_FINE;
out:
    EVP_PKEY_CTX_free(ctx);
    return reason;
}

/* On the curve and not its neutral element. That is all: the curves that we
 * take have no small subgroups. */
static bool
point_is_fine(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx =
        EVP_PKEY_CTX_new_from_pkey(library_context(), pkey, NULL);
    bool is = ctx != NULL && EVP_PKEY_public_check_quick(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return is;
}

/* RFC 9053 §7.1.1. A compressed point has a boolean for y. */
static enum attest_reason
read_ec2(const struct cbor_item *map, const struct cose_kind *kind,
         struct cose_key *key)
{
    uint8_t point[POINT_MOST] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t len = kind->coordinate_len;

    if (map->count != MEMBERS_EC2 ||
        !take_integer(map, LABEL_CURVE, &key->curve) ||
        key->curve != kind->curve || !take_bytes(map, LABEL_X, &key->x) ||
        !take_bytes(map, LABEL_Y, &key->y) || key->x.len != len ||
        key->y.len != len)
        return ATTEST_KEY;
    assert(1 + 2 * len <= sizeof(point));
    memcpy(point + 1, key->x.ptr, len);
    memcpy(point + 1 + len, key->y.ptr, len);
    if ((key->pkey = library_curve(kind->group)) == NULL)
        return ATTEST_UNAVAILABLE;
    if (EVP_PKEY_set1_encoded_public_key(key->pkey, point, 1 + 2 * len) != 1)
        return ATTEST_KEY;
    return point_is_fine(key->pkey) ? ATTEST_FINE : ATTEST_KEY;
}

/* RFC 9053 §7.2 */
static enum attest_reason
read_okp(const struct cbor_item *map, const struct cose_kind *kind,
         struct cose_key *key)
{
    if (map->count != MEMBERS_OKP ||
        !take_integer(map, LABEL_CURVE, &key->curve) ||
        key->curve != kind->curve || !take_bytes(map, LABEL_X, &key->x) ||
        key->x.len != kind->coordinate_len)
        return ATTEST_KEY;
    key->pkey = EVP_PKEY_new_raw_public_key_ex(
        library_context(), kind->key_name, NULL, key->x.ptr, key->x.len);
    return key->pkey != NULL ? ATTEST_FINE : ATTEST_KEY;
}

/* RFC 8230 §4: big-endian, no leading zeros. */
static BIGNUM *
read_number(struct tg_span bytes)
{
    if (bytes.len == 0 || bytes.ptr[0] == 0 ||
        bytes.len > COSE_RSA_BITS_MOST / 8)
        return NULL;
    return BN_bin2bn(bytes.ptr, (int)bytes.len, NULL);
}

static enum attest_reason
make_rsa(const BIGNUM *n, const BIGNUM *e, EVP_PKEY **out)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    enum attest_reason reason = ATTEST_UNAVAILABLE;
    OSSL_PARAM *params = NULL;

    if (builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(builder)) != NULL)
        reason = from_params("RSA", params, out);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return reason;
}

/* RFC 8230 §4. Not OpenSSL's check of public RSA keys: it looks for primes in
 * the modulus, which takes much longer than all the rest. */
static enum attest_reason
read_rsa(const struct cbor_item *map, const struct cose_kind *kind,
         struct cose_key *key)
{
    enum attest_reason reason = ATTEST_KEY;
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;

    if (map->count != MEMBERS_RSA || !take_bytes(map, LABEL_N, &key->x) ||
        !take_bytes(map, LABEL_E, &key->y))
        return ATTEST_KEY;
    n = read_number(key->x);
    e = read_number(key->y);
    if (n == NULL || e == NULL || !BN_is_odd(n))
        goto out;
    if ((reason = make_rsa(n, e, &key->pkey)) != ATTEST_FINE)
        goto out;
    reason = cose_kind_fits(kind, key->pkey) ? ATTEST_FINE : ATTEST_KEY;
out:
    BN_free(n);
    BN_free(e);
    return reason;
}

enum attest_reason
cose_key_read(const struct cbor_item *map, struct cose_key *out)
{
    enum attest_reason reason = ATTEST_KEY;
    const struct cose_kind *kind;
    struct cose_key key = {0};
    int64_t algorithm;
    int64_t type;

    if (map->kind != CBOR_MAP)
        return ATTEST_MALFORMED;
    if (!take_integer(map, LABEL_ALGORITHM, &algorithm))
        return ATTEST_KEY;
    if ((kind = cose_kind_find(algorithm)) == NULL)
        return ATTEST_ALGORITHM;
    if (!take_integer(map, LABEL_TYPE, &type) || type != kind->key_type)
        return ATTEST_KEY;
    key.algorithm = kind->algorithm;
    if (type == TYPE_EC2)
        reason = read_ec2(map, kind, &key);
    else if (type == TYPE_OKP)
        reason = read_okp(map, kind, &key);
    else if (type == TYPE_RSA)
        reason = read_rsa(map, kind, &key);
    ERR_clear_error();
    if (reason != ATTEST_FINE)
        cose_key_done(&key);
    else
        *out = key;
    return reason;
}

void
cose_key_done(struct cose_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}
