/* CBOR: what is taken can be written again in one way only, and gives the same
 * bytes; all that it tells lies inside of the input. */
#include "fuzz.h"

#include "attest/cbor.h"

static void
write_head(struct tg_buf *out, unsigned major, uint64_t argument)
{
    unsigned size = argument < 24           ? 0
                    : argument <= UINT8_MAX  ? 1
                    : argument <= UINT16_MAX ? 2
                    : argument <= UINT32_MAX ? 4
                                             : 8;
    unsigned info = size == 0   ? (unsigned)argument
                    : size == 1 ? 24
                    : size == 2 ? 25
                    : size == 4 ? 26
                                : 27;

    FUZZ_CHECK(tg_buf_byte(out, (uint8_t)(major << 5 | info)) == TG_OK);
    for (unsigned i = size; i > 0; i--)
        FUZZ_CHECK(tg_buf_byte(out, (uint8_t)(argument >> 8 * (i - 1))) ==
                   TG_OK);
}

static void
write_string(struct tg_buf *out, unsigned major, struct tg_span content)
{
    write_head(out, major, content.len);
    FUZZ_CHECK(tg_buf_append(out, content) == TG_OK);
}

static void
write_item(struct tg_buf *out, const struct cbor_item *item);

/* By the public functions alone: each in turn, out of what is left. */
static void
write_content(struct tg_buf *out, const struct cbor_item *item, size_t count)
{
    struct tg_span rest = item->content;
    struct cbor_item inner;

    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(cbor_take(&rest, CBOR_ANY_ORDER, &inner) == TG_OK);
        write_item(out, &inner);
    }
    FUZZ_CHECK(rest.len == 0);
}

static void
write_item(struct tg_buf *out, const struct cbor_item *item)
{
    switch (item->kind) {
    case CBOR_INTEGER:
        if (item->integer < 0)
            write_head(out, 1, (uint64_t)(-1 - item->integer));
        else
            write_head(out, 0, (uint64_t)item->integer);
        return;
    case CBOR_BYTES: write_string(out, 2, item->content); return;
    case CBOR_TEXT: write_string(out, 3, item->content); return;
    case CBOR_ARRAY:
        write_head(out, 4, item->count);
        write_content(out, item, item->count);
        return;
    case CBOR_MAP:
        write_head(out, 5, item->count);
        write_content(out, item, 2 * item->count);
        return;
    case CBOR_FALSE: write_head(out, 7, 20); return;
    case CBOR_TRUE: write_head(out, 7, 21); return;
    case CBOR_NULL: write_head(out, 7, 22); return;
    }
}

/* Every element is where cbor_element() finds it, and no more are found. */
static void
check_elements(const struct cbor_item *item)
{
    struct tg_span rest = item->content;
    struct cbor_item found;
    struct cbor_item taken;

    FUZZ_CHECK(!cbor_element(item, item->count, &found));
    for (size_t i = 0; i < item->count && i < 64; i++) {
        FUZZ_CHECK(cbor_element(item, i, &found));
        FUZZ_CHECK(cbor_take(&rest, CBOR_ANY_ORDER, &taken) == TG_OK);
        FUZZ_CHECK(found.kind == taken.kind);
        FUZZ_CHECK(found.content.ptr == taken.content.ptr);
        FUZZ_CHECK(found.content.len == taken.content.len);
    }
}

/* As many different integer keys as are there are found. */
static void
check_members(const struct cbor_item *map)
{
    struct tg_span rest = map->content;
    struct cbor_item value;
    struct cbor_item found;
    struct cbor_item key;

    for (size_t i = 0; i < map->count; i++) {
        FUZZ_CHECK(cbor_take(&rest, CBOR_ANY_ORDER, &key) == TG_OK);
        FUZZ_CHECK(cbor_take(&rest, CBOR_ANY_ORDER, &value) == TG_OK);
        if (key.kind != CBOR_INTEGER)
            continue;
        FUZZ_CHECK(cbor_member_int(map, key.integer, &found));
        FUZZ_CHECK(found.kind == value.kind);
        FUZZ_CHECK(found.integer == value.integer);
        FUZZ_CHECK(found.content.ptr == value.content.ptr);
    }
    (void)cbor_member(map, "fmt", &found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span rest = {data, size};
    struct tg_buf again = TG_BUF_EMPTY;
    struct cbor_item canonical;
    struct cbor_item item;

    if (cbor_take(&rest, CBOR_ANY_ORDER, &item) != TG_OK) {
        FUZZ_CHECK(rest.ptr == data && rest.len == size);
        FUZZ_CHECK(cbor_take(&rest, CBOR_CANONICAL, &item) != TG_OK);
        return 0;
    }
    write_item(&again, &item);
    FUZZ_CHECK(again.len + rest.len == size);
    FUZZ_CHECK(memcmp(again.ptr, data, again.len) == 0);
    if (item.kind == CBOR_ARRAY)
        check_elements(&item);
    if (item.kind == CBOR_MAP)
        check_members(&item);
    if (cbor_parse(tg_span_buf(&again), CBOR_CANONICAL, &canonical) == TG_OK)
        FUZZ_CHECK(canonical.kind == item.kind);
    tg_buf_free(&again);
    return 0;
}
