/* See document.h and wire_document(). */
#include "wire/document.h"

#include "wire/answer.h"
#include "wire/etag.h"
#include "wire/picture_data.h"

/* A month: the pictures change with a version of the relay, if ever. */
#define LONG "public, max-age=2592000, no-transform"
/* An hour: what an operator configures changes now and then. */
#define SHORT "public, max-age=3600, no-transform"

static const struct document {
    const char *path;
    const uint8_t *bytes; /* of a picture */
    const size_t *len;
    const uint64_t *version; /* its ETag */
} documents[WIRE_DOCUMENTS] = {
    [DOCUMENT_PICTURE_GENERAL] = {"/v1/picture/general.png",
                                  picture_general_png,
                                  &picture_general_png_len,
                                  &picture_general_png_version},
    [DOCUMENT_PICTURE_HOME] = {"/v1/picture/home.png", picture_home_png,
                               &picture_home_png_len,
                               &picture_home_png_version},
    [DOCUMENT_PICTURE_CAR] = {"/v1/picture/car.png", picture_car_png,
                              &picture_car_png_len,
                              &picture_car_png_version},
    [DOCUMENT_DISCOVERY] = {"/.well-known/tigress", NULL, NULL, NULL},
    [DOCUMENT_APPLE_APPS] = {"/.well-known/apple-app-site-association", NULL,
                             NULL, NULL},
    [DOCUMENT_ANDROID_APPS] = {"/.well-known/assetlinks.json", NULL, NULL,
                               NULL},
};

const char *
document_path(enum wire_document document)
{
    return documents[document].path;
}

enum wire_document
document_picture(enum wire_vertical vertical)
{
    switch (vertical) {
    case VERTICAL_GENERAL: break;
    case VERTICAL_HOME: return DOCUMENT_PICTURE_HOME;
    case VERTICAL_CAR: return DOCUMENT_PICTURE_CAR;
    }
    return DOCUMENT_PICTURE_GENERAL;
}

/* Empty: there is none here. */
static struct tg_span
text_of(enum wire_document document, const struct wire_site *site)
{
    switch (document) {
    case DOCUMENT_DISCOVERY: return site->discovery;
    case DOCUMENT_APPLE_APPS: return site->apple_apps;
    case DOCUMENT_ANDROID_APPS: return site->android_apps;
    case DOCUMENT_PICTURE_GENERAL:
    case DOCUMENT_PICTURE_HOME:
    case DOCUMENT_PICTURE_CAR: break;
    }
    return TG_SPAN_EMPTY;
}

/* Whether who asks has it already (RFC 9110 §13.1.2). */
static bool
is_known(const struct etag_condition *condition, uint64_t version)
{
    for (size_t i = 0; i < condition->count; i++)
        if (condition->kind == CONDITION_LIST &&
            condition->versions[i] == version)
            return true;
    return condition->kind == CONDITION_ANY;
}

static enum tg_err
send_picture(const struct document *picture, const struct wire_ids *ids,
             struct wire_answer *out)
{
    bool known =
        ids != NULL && is_known(&ids->if_none_match, *picture->version);
    struct tg_span bytes = {picture->bytes, *picture->len};
    struct wire_answer answer;
    enum tg_err err;

    err = answer_begin(known ? 304 : 200, ids, ETAG_TEXT_MOST, &answer);
    if (err != TG_OK)
        return err;
    answer_header(&answer, "Cache-Control", LONG);
    answer_etag(&answer, *picture->version);
    if (!known) {
        answer_header(&answer, "Content-Type", "image/png");
        err = tg_buf_append(&answer.body, bytes);
    }
    if (err != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}

enum tg_err
wire_document(enum wire_document document, const struct wire_site *site,
              const struct wire_ids *ids, struct wire_answer *out)
{
    static const struct wire_problem none = {WIRE_NOT_FOUND, NULL, NULL};
    struct tg_span text;
    struct wire_answer answer;
    enum tg_err err;

    if (documents[document].bytes != NULL)
        return send_picture(&documents[document], ids, out);
    text = text_of(document, site);
    if (text.len == 0)
        return wire_refuse(none, ids, NULL, NULL, out);
    if ((err = answer_begin(200, ids, 0, &answer)) != TG_OK)
        return err;
    answer_header(&answer, "Cache-Control", SHORT);
    answer_header(&answer, "Content-Type", "application/json");
    if ((err = tg_buf_append(&answer.body, text)) != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}
