/* See wallet_value.h. */
#include "client/wallet_value.h"

#include <stdarg.h>
#include <stdio.h>

#include "client/wallet_sql.h"

__attribute__((format(printf, 2, 0))) static enum tg_err
append(struct wallet_place *place, const char *format, va_list args)
{
    size_t room = sizeof(place->text) - place->len;
    int len = vsnprintf(place->text + place->len, room, format, args);

    if (len < 0 || (size_t)len >= room)
        return TG_E_FORMAT;
    place->len += (size_t)len;
    return TG_OK;
}

enum tg_err
wallet_place_set(struct wallet_place *place, const char *format, ...)
{
    enum tg_err err;
    va_list args;

    place->len = 0;
    va_start(args, format);
    err = append(place, format, args);
    va_end(args);
    return err;
}

enum tg_err
wallet_place_add(struct wallet_place *place, const char *format, ...)
{
    enum tg_err err;
    va_list args;

    va_start(args, format);
    err = append(place, format, args);
    va_end(args);
    return err;
}

struct tg_span
wallet_place_span(const struct wallet_place *place)
{
    return (struct tg_span){(const uint8_t *)place->text, place->len};
}

const char *
wallet_value_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    return text != NULL ? (const char *)text : "";
}

enum tg_err
wallet_value_take(sqlite3_stmt *stmt, int column, const struct aead_key *key,
                  const struct wallet_place *place, struct tg_buf *out)
{
    const uint8_t *bytes = sqlite3_column_blob(stmt, column);
    int len = sqlite3_column_bytes(stmt, column);
    struct tg_span stored = {bytes, (size_t)len};
    enum tg_err err;

    if (len > 0 && bytes == NULL)
        return TG_E_NOMEM;
    err = key != NULL ? aead_open(key, wallet_place_span(place), stored, out)
                      : tg_buf_append(out, stored);
    if (err != TG_OK)
        return err == TG_E_AUTH ? TG_E_FORMAT : err;
    return tg_buf_terminate(out);
}

enum tg_err
wallet_value_bind(sqlite3_stmt *stmt, int parameter,
                  const struct aead_key *key,
                  const struct wallet_place *place, struct tg_span value)
{
    struct tg_buf sealed = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = aead_seal(key, wallet_place_span(place), value, &sealed)) ==
        TG_OK)
        err = wallet_sql_err(sqlite3_bind_blob64(
            stmt, parameter, sealed.ptr, sealed.len, SQLITE_TRANSIENT));
    tg_buf_free(&sealed);
    return err;
}
