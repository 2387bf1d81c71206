/* See auth_data.h. */
#include "attest/auth_data.h"

/* WebAuthn Level 3 §6.1, §6.5.1: lengths of what comes first. */
enum { FLAGS_LEN = 1, COUNTER_LEN = 4, ID_LEN_LEN = 2 };

/* Take `len` bytes off the front. NULL: there are less. */
static const uint8_t *
take(struct tg_span *in, size_t len)
{
    const uint8_t *taken = in->ptr;

    if (in->len < len)
        return NULL;
    in->ptr += len;
    in->len -= len;
    return taken;
}

/* rpIdHash, flags, signCount */
static bool
read_front(struct tg_span *in, struct auth_data *data)
{
    const uint8_t *p;

    if ((data->rp_id_hash = take(in, ATTEST_HASH_LEN)) == NULL ||
        (p = take(in, FLAGS_LEN + COUNTER_LEN)) == NULL)
        return false;
    data->flags = p[0];
    data->counter = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 |
                    (uint32_t)p[3] << 8 | p[4];
    return true;
}

/* aaguid, credentialIdLength, credentialId */
static bool
read_credential(struct tg_span *in, struct auth_data *data)
{
    const uint8_t *p;
    size_t len;

    if ((data->aaguid = take(in, AAGUID_LEN)) == NULL ||
        (p = take(in, ID_LEN_LEN)) == NULL)
        return false;
    len = (size_t)p[0] << 8 | p[1];
    if (len == 0 || len > CREDENTIAL_ID_MOST || (p = take(in, len)) == NULL)
        return false;
    data->credential_id = (struct tg_span){p, len};
    return true;
}

/* The extensions if there are any, and nothing behind: what they say is of no
 * concern (§7.1 step 28). */
static bool
read_end(struct tg_span rest, struct auth_data *data)
{
    bool is_announced = (data->flags & AUTH_EXTENSIONS) != 0;
    struct cbor_item extensions;

    if (rest.len == 0)
        return !is_announced;
    data->has_unannounced = !is_announced;
    return cbor_parse(rest, CBOR_ANY_ORDER, &extensions) == TG_OK &&
           extensions.kind == CBOR_MAP;
}

enum attest_reason
auth_data_read(struct tg_span bytes, struct auth_data *out)
{
    struct auth_data data = {.bytes = bytes};
    enum attest_reason reason;
    struct tg_span in = bytes;
    struct cbor_item key;

    if (!read_front(&in, &data) || (data.flags & AUTH_CREDENTIAL) == 0)
        return ATTEST_MALFORMED;
    /* §6.1.3, §7.1 step 17: what cannot be backed up is not backed up. */
    if ((data.flags & AUTH_BACKUP_STATE) != 0 &&
        (data.flags & AUTH_BACKUP_ELIGIBLE) == 0)
        return ATTEST_MALFORMED;
    if (!read_credential(&in, &data) ||
        cbor_take(&in, CBOR_CANONICAL, &key) != TG_OK || !read_end(in, &data))
        return ATTEST_MALFORMED;
    if ((reason = cose_key_read(&key, &data.key)) != ATTEST_FINE)
        return reason;
    *out = data;
    return ATTEST_FINE;
}

void
auth_data_done(struct auth_data *data)
{
    cose_key_done(&data->key);
}
