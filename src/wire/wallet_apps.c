/* See wallet_apps.h. What is written into the files was checked before, and
 * has no character that JSON would want escaped. */
#include "wire/wallet_apps.h"

#include "base/ascii.h"

enum { TEAM_LEN = 10, FINGERPRINT_PAIRS = 32 };

/* ---- what may be written ----------------------------------------------- */

bool
wallet_apps_is_apple(struct tg_span id)
{
    if (id.len < TEAM_LEN + 2 || id.ptr[TEAM_LEN] != '.')
        return false;
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.ptr[i];
        bool is_team = i < TEAM_LEN;

        if (is_team && c >= 'a' && c <= 'z')
            return false; /* Apple's are of digits and capitals */
        if (!ascii_is_digit(c) && !ascii_is_letter(c) &&
            (is_team || (c != '.' && c != '-')))
            return false;
    }
    return true;
}

bool
wallet_apps_is_package(struct tg_span package)
{
    size_t parts = 0;

    for (size_t i = 0; i < package.len; i++) {
        uint8_t c = package.ptr[i];
        bool is_first = i == 0 || package.ptr[i - 1] == '.';

        if (!ascii_is_letter(c) &&
            (is_first || (!ascii_is_digit(c) && c != '_' && c != '.')))
            return false;
        parts += is_first;
    }
    return parts >= 2 && package.ptr[package.len - 1] != '.';
}

bool
wallet_apps_is_fingerprint(struct tg_span fingerprint)
{
    if (fingerprint.len != FINGERPRINT_PAIRS * 3 - 1)
        return false;
    for (size_t i = 0; i < fingerprint.len; i++) {
        uint8_t c = fingerprint.ptr[i];

        if (i % 3 == 2 ? c != ':' : !ascii_is_hex(c))
            return false;
    }
    return true;
}

/* ---- the files --------------------------------------------------------- */

/* A comma, if something came before. */
static enum tg_err
append_item(struct tg_buf *out, size_t i, const char *before,
            struct tg_span text, const char *after)
{
    enum tg_err err = i > 0 ? tg_buf_byte(out, ',') : TG_OK;

    if (err == TG_OK)
        err = tg_buf_text(out, before);
    if (err == TG_OK)
        err = tg_buf_append(out, text);
    return err == TG_OK ? tg_buf_text(out, after) : err;
}

enum tg_err
wallet_apps_format_apple(const struct tg_span *ids, size_t count,
                         struct tg_buf *out)
{
    enum tg_err err =
        tg_buf_text(out, "{\"applinks\":{\"details\":[{\"appIDs\":[");

    for (size_t i = 0; i < count && err == TG_OK; i++)
        err = append_item(out, i, "\"", ids[i], "\"");
    return err == TG_OK
               ? tg_buf_text(out, "],\"components\":[{\"/\":\"/v1/m/*\"}]}]}}")
               : err;
}

enum tg_err
wallet_apps_format_android(const struct wallet_apps_android *apps,
                           size_t count, struct tg_buf *out)
{
    enum tg_err err = tg_buf_byte(out, '[');

    for (size_t i = 0; i < count && err == TG_OK; i++) {
        err = append_item(
            out, i,
            "{\"relation\":[\"delegate_permission/common.handle_all_urls\"],"
            "\"target\":{\"namespace\":\"android_app\",\"package_name\":\"",
            apps[i].package, "\",\"sha256_cert_fingerprints\":[\"");
        if (err == TG_OK)
            err = append_item(out, 0, "", apps[i].fingerprint, "\"]}}");
    }
    return err == TG_OK ? tg_buf_byte(out, ']') : err;
}
