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

enum tg_err
wire_document(enum wire_document document, const struct wire_site *site,
              const struct wire_ids *ids, struct wire_answer *out)
{
    const struct document *found = &documents[document];
    bool is_picture = found->bytes != NULL;
    struct wire_answer answer;
    enum tg_err err;

    if ((err = answer_begin(200, ids, 0, &answer)) != TG_OK)
        return err;
    answer_header(&answer, "Cache-Control", is_picture ? LONG : SHORT);
    answer_header(&answer, "Content-Type",
                  is_picture ? "image/png" : "application/json");
    err = tg_buf_append(&answer.body,
                        is_picture
                            ? (struct tg_span){found->bytes, *found->len}
                            : site->discovery);
    if (err != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}
