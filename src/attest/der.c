/* See der.h. Everything works on a copy of the cursor, which becomes the
 * caller's when all of an item was right. */
#include "attest/der.h"

enum {
    IDENTIFIER_CONSTRUCTED = 0x20,
    IDENTIFIER_TAG = 0x1f, /* all ones: the number follows */
    TAG_BYTES_MOST = 4,    /* of 7 bits */
    MORE = 0x80,           /* tag: not the last byte; length: long form */
    LENGTH_BYTES_MOST = 4
};

static bool
take_byte(struct tg_span *in, uint8_t *out)
{
    if (in->len == 0)
        return false;
    *out = *in->ptr++;
    in->len--;
    return true;
}

/* The number of a tag that does not fit into the identifier (X.690 §8.1.2.4):
 * from 31 on, no zeros in front. */
static bool
take_high_tag(struct tg_span *in, uint32_t *out)
{
    uint32_t tag = 0;
    uint8_t byte;

    for (int i = 0; i < TAG_BYTES_MOST; i++) {
        if (!take_byte(in, &byte) || (i == 0 && byte == MORE))
            return false;
        tag = tag << 7 | (byte & (MORE - 1u));
        if ((byte & MORE) == 0) {
            *out = tag;
            return tag >= IDENTIFIER_TAG;
        }
    }
    return false;
}

/* X.690 §10.1: definite, in as few bytes as possible. */
static bool
take_length(struct tg_span *in, size_t *out)
{
    size_t len = 0;
    uint8_t first, byte;

    if (!take_byte(in, &first))
        return false;
    if (first < MORE) {
        *out = first;
        return true;
    }
    first &= MORE - 1;
    if (first > LENGTH_BYTES_MOST) /* 0: indefinite, falls at the end */
        return false;
    for (int i = 0; i < first; i++) {
        if (!take_byte(in, &byte) || (i == 0 && byte == 0))
            return false;
        len = len << 8 | byte;
    }
    *out = len;
    return len >= MORE;
}

enum tg_err
der_take(struct tg_span *in, struct der_item *out)
{
    struct tg_span rest = *in;
    struct der_item item = {0};
    uint8_t identifier;
    size_t len;

    if (!take_byte(&rest, &identifier))
        return TG_E_FORMAT;
    item.class_ = (enum der_class)(identifier >> 6);
    if (item.class_ != DER_UNIVERSAL && item.class_ != DER_CONTEXT)
        return TG_E_FORMAT;
    item.is_constructed = (identifier & IDENTIFIER_CONSTRUCTED) != 0;
    item.tag = identifier & IDENTIFIER_TAG;
    if (item.tag == IDENTIFIER_TAG && !take_high_tag(&rest, &item.tag))
        return TG_E_FORMAT;
    /* Universal 0 ends what has no length, which is not DER. */
    if (item.class_ == DER_UNIVERSAL && item.tag == 0)
        return TG_E_FORMAT;
    if (!take_length(&rest, &len) || len > rest.len)
        return TG_E_FORMAT;
    item.content = (struct tg_span){rest.ptr, len};
    rest.ptr += len;
    rest.len -= len;

    *in = rest;
    *out = item;
    return TG_OK;
}

enum tg_err
der_take_universal(struct tg_span *in, uint32_t tag, struct tg_span *content)
{
    struct tg_span rest = *in;
    struct der_item item;

    if (der_take(&rest, &item) != TG_OK || item.class_ != DER_UNIVERSAL ||
        item.tag != tag ||
        item.is_constructed != (tag == DER_SEQUENCE || tag == DER_SET))
        return TG_E_FORMAT;

    *in = rest;
    *content = item.content;
    return TG_OK;
}

enum tg_err
der_take_number(struct tg_span *in, uint32_t tag, uint64_t *out)
{
    struct tg_span rest = *in;
    struct tg_span content;
    uint64_t number = 0;

    if (der_take_universal(&rest, tag, &content) != TG_OK || content.len == 0 ||
        (content.ptr[0] & 0x80) != 0)
        return TG_E_FORMAT;
    /* A zero in front is there only to keep the number from being negative. */
    if (content.len > 1 && content.ptr[0] == 0) {
        if ((content.ptr[1] & 0x80) == 0)
            return TG_E_FORMAT;
        content.ptr++;
        content.len--;
    }
    if (content.len > sizeof(number))
        return TG_E_FORMAT;
    for (size_t i = 0; i < content.len; i++)
        number = number << 8 | content.ptr[i];

    *in = rest;
    *out = number;
    return TG_OK;
}
