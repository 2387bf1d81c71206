/* See jwt.h. */
#include "push/jwt.h"

#include "base/base64.h"

/* RFC 7515 §4.1, RFC 7519 §5.1 */
static enum tg_err
make_header(enum signing_key_kind kind, const char *key_id,
            struct tg_json **out)
{
    const char *algorithm = kind == SIGNING_KEY_ES256 ? "ES256" : "RS256";
    struct tg_json *header = tg_json_object();
    enum tg_err err = TG_E_NOMEM;

    if (header == NULL)
        return err;
    if ((err = tg_json_set_text(header, "typ", TG_SPAN_LITERAL("JWT"))) !=
            TG_OK ||
        (err = tg_json_set_text(header, "alg", tg_span_text(algorithm))) !=
            TG_OK)
        goto out;
    if (key_id != NULL &&
        (err = tg_json_set_text(header, "kid", tg_span_text(key_id))) != TG_OK)
        goto out;
    *out = header;
    header = NULL;
out:
    tg_json_free(header);
    return err;
}

static enum tg_err
append_part(const struct tg_json *json, struct tg_buf *out)
{
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_json_format(json, &text)) == TG_OK)
        err = tg_base64url_encode(tg_span_buf(&text), out);
    tg_buf_free(&text);
    return err;
}

enum tg_err
jwt_sign(const struct signing_key *key, const char *key_id,
         const struct tg_json *claims, struct tg_buf *out)
{
    struct tg_buf signature = TG_BUF_EMPTY;
    struct tg_json *header = NULL;
    size_t start = out->len;
    struct tg_span signed_part;
    enum tg_err err;

    err = make_header(signing_key_kind(key), key_id, &header);
    if (err != TG_OK)
        goto out;
    if ((err = append_part(header, out)) != TG_OK ||
        (err = tg_buf_byte(out, '.')) != TG_OK ||
        (err = append_part(claims, out)) != TG_OK)
        goto out;
    signed_part = (struct tg_span){out->ptr + start, out->len - start};
    if ((err = signing_key_sign(key, signed_part, &signature)) != TG_OK ||
        (err = tg_buf_byte(out, '.')) != TG_OK ||
        (err = tg_base64url_encode(tg_span_buf(&signature), out)) != TG_OK)
        goto out;
    err = tg_buf_terminate(out);
out:
    tg_buf_free(&signature);
    tg_json_free(header);
    return err;
}
