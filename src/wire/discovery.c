/* wire_format_discovery(): what a relay says of itself (PROTOCOL §7). */
#include "base/json.h"
#include "wire/wire.h"

static enum tg_err
append_list(struct tg_buf *json, const struct tg_span *texts, size_t count)
{
    enum tg_err err = tg_buf_byte(json, '[');

    for (size_t i = 0; i < count && err == TG_OK; i++) {
        if (i > 0)
            err = tg_buf_byte(json, ',');
        if (err == TG_OK)
            err = tg_json_quote(texts[i], json);
    }
    return err == TG_OK ? tg_buf_byte(json, ']') : err;
}

static enum tg_err
append_attestation(struct tg_buf *json, const struct wire_terms *terms)
{
    enum tg_err err = tg_buf_printf(
        json, ",\"attestation\":{\"policy\":\"%s\",\"formats\":",
        terms->attestation);

    if (err == TG_OK)
        err = append_list(json, terms->attestation_formats,
                          terms->attestation_format_count);
    return err == TG_OK ? tg_buf_byte(json, '}') : err;
}

enum tg_err
wire_format_discovery(const struct wire_terms *terms, struct tg_buf *out)
{
    enum tg_err err;

    err = tg_buf_printf(
        out,
        "{\"versions\":[\"v1\"],"
        "\"payload\":{\"types\":[\"AEAD_AES_128_GCM\",\"AEAD_AES_256_GCM\"],"
        "\"maxBytes\":%zu},"
        "\"lifetime\":{\"default\":%lld,\"max\":%lld},"
        "\"notifications\":",
        terms->payload_most, (long long)terms->lifetime_default,
        (long long)terms->lifetime_max);
    if (err == TG_OK)
        err = append_list(out, terms->push_types, terms->push_type_count);
    if (err == TG_OK)
        err = append_attestation(out, terms);
    if (err != TG_OK)
        return err;
    return tg_buf_printf(out, ",\"wait\":{\"max\":%u}}",
                         terms->wait_most_s);
}
