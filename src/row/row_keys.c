/* See row_keys.h. The labels and the lengths of the inputs keep the two kinds
 * of rows apart: a claim and a request id never give a mailbox's key. */
#include "row/row_keys.h"

#include <string.h>

#include "crypto/hash.h"

static const char mailbox_lookup_label[] = "tigress row v1 mailbox lookup";
static const char mailbox_sealing_label[] = "tigress row v1 mailbox sealing";
static const char create_lookup_label[] = "tigress row v1 create lookup";
static const char create_sealing_label[] = "tigress row v1 create sealing";

struct extracted {
    uint8_t bytes[SHA256_LEN];
};

static enum tg_err
derive(const struct row_salt *salt, struct tg_span secret,
       const char *lookup_label, const char *sealing_label,
       struct row_keys *out)
{
    TG_WIPED(struct extracted, prk);
    TG_WIPED(struct row_keys, keys);
    enum tg_err err;

    if ((err = hash_hkdf_extract(TG_SPAN_ARRAY(salt->bytes), secret,
                                 prk.bytes)) != TG_OK)
        return err;
    if ((err = hash_hkdf_expand(prk.bytes, lookup_label, keys.lookup.bytes,
                                sizeof(keys.lookup.bytes))) != TG_OK)
        return err;
    if ((err = hash_hkdf_expand(prk.bytes, sealing_label, keys.sealing,
                                sizeof(keys.sealing))) != TG_OK)
        return err;
    *out = keys;
    return TG_OK;
}

enum tg_err
row_keys_mailbox(const struct row_salt *salt, const struct mailbox_id *id,
                 struct row_keys *out)
{
    return derive(salt, TG_SPAN_ARRAY(id->uuid.bytes), mailbox_lookup_label,
                  mailbox_sealing_label, out);
}

struct create_secret {
    uint8_t bytes[2 * TG_UUID_LEN];
};

enum tg_err
row_keys_create(const struct row_salt *salt, const struct tg_uuid *claim,
                const struct request_id *id, struct row_keys *out)
{
    TG_WIPED(struct create_secret, secret);

    memcpy(secret.bytes, claim->bytes, TG_UUID_LEN);
    memcpy(secret.bytes + TG_UUID_LEN, id->uuid.bytes, TG_UUID_LEN);
    return derive(salt, TG_SPAN_ARRAY(secret.bytes), create_lookup_label,
                  create_sealing_label, out);
}

enum tg_err
row_claim_mark(const struct tg_uuid *claim, const struct mailbox_id *id,
               struct claim_mark *out)
{
    const struct tg_span parts[] = {TG_SPAN_ARRAY(claim->bytes),
                                    TG_SPAN_ARRAY(id->uuid.bytes)};

    return hash_sha256(parts, 2, out->bytes);
}
