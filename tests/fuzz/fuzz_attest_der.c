/* The strict reader of DER. What was taken is written again, and must be the
 * very bytes: there is one encoding of everything. */
#include "attest/der.h"
#include "fuzz.h"

enum { DEPTH_MOST = 8, HEADER_MOST = 16 };

static size_t
put_length(uint8_t *out, size_t len)
{
    size_t bytes = 0;

    if (len < 0x80) {
        out[0] = (uint8_t)len;
        return 1;
    }
    while (len >> (8 * bytes) != 0)
        bytes++;
    out[0] = (uint8_t)(0x80 | bytes);
    for (size_t i = 0; i < bytes; i++)
        out[1 + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
    return 1 + bytes;
}

static size_t
put_header(uint8_t *out, const struct der_item *item)
{
    uint8_t first = (uint8_t)((unsigned)item->class_ << 6 |
                              (item->is_constructed ? 0x20u : 0u));
    size_t used = 1;
    int groups = 1;

    if (item->tag < 31) {
        out[0] = (uint8_t)(first | item->tag);
    } else {
        out[0] = first | 31;
        while (item->tag >> (7 * groups) != 0)
            groups++;
        while (groups-- > 0)
            out[used++] = (uint8_t)((item->tag >> (7 * groups) & 0x7f) |
                                    (groups > 0 ? 0x80u : 0u));
    }
    return used + put_length(out + used, item->content.len);
}

static void
check(struct tg_span rest, int depth)
{
    while (rest.len > 0) {
        const struct tg_span before = rest;
        struct der_item item;
        uint8_t header[HEADER_MOST];
        uint64_t number;
        size_t used;

        if (der_take(&rest, &item) != TG_OK) {
            FUZZ_CHECK(rest.ptr == before.ptr && rest.len == before.len);
            return;
        }
        used = put_header(header, &item);
        FUZZ_CHECK(used + item.content.len + rest.len == before.len);
        FUZZ_CHECK(memcmp(before.ptr, header, used) == 0);
        FUZZ_CHECK(item.content.ptr == before.ptr + used);
        if (item.is_constructed && depth < DEPTH_MOST)
            check(item.content, depth + 1);
        rest = before;
        if (der_take_number(&rest, DER_INTEGER, &number) == TG_OK)
            FUZZ_CHECK(item.content.len <= 9 && !item.is_constructed);
        rest.ptr = item.content.ptr + item.content.len;
        rest.len = before.len - used - item.content.len;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((struct tg_span){data, size}, 0);
    return 0;
}
