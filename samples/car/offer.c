/* See offer.h. */
#include "offer.h"

#define OFFER_DATA "offer"

enum tg_err
offer_keep(struct tg_share *share, struct tg_span json)
{
    return tg_share_put(share, OFFER_DATA, json);
}

enum tg_err
offer_read(struct tg_share *share, struct key_creation_request *out)
{
    struct tg_buf json = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_share_get(share, OFFER_DATA, &json)) == TG_OK)
        err = messages_parse_creation((struct tg_span){json.ptr, json.len},
                                      out);
    tg_buf_free(&json);
    return err;
}
