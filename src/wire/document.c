/* See document.h and wire_document(). */
#include "wire/document.h"

#include "wire/answer.h"
#include "wire/picture_data.h"

/* A month: the pictures change with a version of the relay, if ever. */
#define LONG "public, max-age=2592000, no-transform"
/* An hour: what an operator configures changes now and then. */
#define SHORT "public, max-age=3600, no-transform"

static const struct document {
    const char *path;
    const uint8_t *bytes; /* of a picture */
    const size_t *len;
} documents[WIRE_DOCUMENTS] = {
    [DOCUMENT_PICTURE_GENERAL] = {"/v1/picture/general.png",
                                  picture_general_png,
                                  &picture_general_png_len},
    [DOCUMENT_PICTURE_HOME] = {"/v1/picture/home.png", picture_home_png,
                               &picture_home_png_len},
    [DOCUMENT_PICTURE_CAR] = {"/v1/picture/car.png", picture_car_png,
                              &picture_car_png_len},
    [DOCUMENT_DISCOVERY] = {"/.well-known/tigress", NULL, NULL},
    [DOCUMENT_APPLE_APPS] = {"/.well-known/apple-app-site-association", NULL,
                             NULL},
    [DOCUMENT_ANDROID_APPS] = {"/.well-known/assetlinks.json", NULL, NULL},
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

/* NULL pointer: there is none here. */
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
    return (struct tg_span){documents[document].bytes,
                            *documents[document].len};
}

enum tg_err
wire_document(enum wire_document document, const struct wire_site *site,
              const struct wire_ids *ids, struct wire_answer *out)
{
    static const struct wire_problem none = {WIRE_NOT_FOUND, NULL, NULL};
    struct tg_span text = text_of(document, site);
    bool is_picture = documents[document].bytes != NULL;
    struct wire_answer answer;
    enum tg_err err;

    if (text.len == 0)
        return wire_refuse(none, ids, NULL, NULL, out);
    if ((err = answer_begin(200, ids, 0, &answer)) != TG_OK)
        return err;
    answer_header(&answer, "Cache-Control", is_picture ? LONG : SHORT);
    answer_header(&answer, "Content-Type",
                  is_picture ? "image/png" : "application/json");
    if ((err = tg_buf_append(&answer.body, text)) != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}
