/* See cbor.h. take_item() judges everything once; members are looked for in
 * bytes that are known to be right. */
#include "attest/cbor.h"

#include <string.h>

/* RFC 8949 §3.1: the first three bits of an item. */
enum major {
    MAJOR_UNSIGNED,
    MAJOR_NEGATIVE,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_ARRAY,
    MAJOR_MAP,
    MAJOR_TAG,
    MAJOR_SIMPLE
};

/* RFC 8949 §3.3 */
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

struct head {
    uint8_t major; /* enum major */
    uint64_t argument;
};

/* The keys of one map so far, each as it is encoded. */
struct keys {
    size_t count;
    struct tg_span each[CBOR_PAIRS_MOST];
};

static bool
is_container(const struct cbor_item *item)
{
    return item->kind == CBOR_ARRAY || item->kind == CBOR_MAP;
}

static void
advance(struct tg_span *in, size_t len)
{
    in->ptr += len;
    in->len -= len;
}

/* RFC 8949 §3: a head in its shortest form. Additional information 28 to 31,
 * which is reserved or indefinite, is refused. A float looks like a simple
 * value here, but like none of those that are taken. */
static enum tg_err
take_head(struct tg_span *in, struct head *out)
{
    static const uint64_t least[] = {24, UINT64_C(1) << 8, UINT64_C(1) << 16,
                                     UINT64_C(1) << 32};
    uint64_t argument;
    unsigned info;
    size_t more;

    if (in->len == 0)
        return TG_E_FORMAT;
    out->major = in->ptr[0] >> 5;
    info = in->ptr[0] & 31;
    if (info < 24) {
        out->argument = info;
        advance(in, 1);
        return TG_OK;
    }
    if (info > 27)
        return TG_E_FORMAT;
    more = (size_t)1 << (info - 24);
    if (in->len - 1 < more)
        return TG_E_FORMAT;
    argument = 0;
    for (size_t i = 1; i <= more; i++)
        argument = argument << 8 | in->ptr[i];
    if (argument < least[info - 24])
        return TG_E_FORMAT;
    out->argument = argument;
    advance(in, 1 + more);
    return TG_OK;
}

/* RFC 3629 §4: how many bytes the character at the front takes; 0: it is
 * none. Overlong forms, surrogates and what lies beyond U+10FFFF are none. */
static size_t
character_len(struct tg_span text)
{
    uint8_t first = text.ptr[0];
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len;

    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.len < len)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    if (text.ptr[1] < low || text.ptr[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((text.ptr[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

static bool
is_utf8(struct tg_span text)
{
    while (text.len > 0) {
        size_t len = character_len(text);

        if (len == 0)
            return false;
        advance(&text, len);
    }
    return true;
}

/* FIDO CTAP 2.1 §8: the lower major type first, then the shorter, then
 * the lower bytes. Negative, 0 (equal), or positive. */
static int
compare_keys(struct tg_span a, struct tg_span b)
{
    if (a.ptr[0] >> 5 != b.ptr[0] >> 5)
        return (a.ptr[0] >> 5) - (b.ptr[0] >> 5);
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.ptr, b.ptr, a.len);
}

/* Does this key come in turn, and only once? */
static bool
add_key(struct keys *keys, struct tg_span key, enum cbor_order order)
{
    if (order == CBOR_CANONICAL && keys->count > 0 &&
        compare_keys(keys->each[keys->count - 1], key) >= 0)
        return false;
    if (order == CBOR_ANY_ORDER)
        for (size_t i = 0; i < keys->count; i++)
            if (compare_keys(keys->each[i], key) == 0)
                return false;
    keys->each[keys->count++] = key;
    return true;
}

/* The content of a string, or what of an array or a map the head tells. */
static enum tg_err
read_content(struct tg_span *in, const struct head *head, struct cbor_item *out)
{
    static const enum cbor_kind kinds[] = {[MAJOR_BYTES] = CBOR_BYTES,
                                           [MAJOR_TEXT] = CBOR_TEXT,
                                           [MAJOR_ARRAY] = CBOR_ARRAY,
                                           [MAJOR_MAP] = CBOR_MAP};
    struct tg_span content = {in->ptr, 0};

    if (head->argument > in->len) /* an element takes a byte at least */
        return TG_E_FORMAT;
    out->kind = kinds[head->major];
    out->content = content;
    out->count = (size_t)head->argument;
    if (is_container(out))
        return TG_OK;
    out->count = 0;
    out->content.len = (size_t)head->argument;
    if (out->kind == CBOR_TEXT && !is_utf8(out->content))
        return TG_E_FORMAT;
    advance(in, out->content.len);
    return TG_OK;
}

static enum tg_err
read_integer(const struct head *head, struct cbor_item *out)
{
    if (head->argument > INT64_MAX)
        return TG_E_FORMAT;
    out->kind = CBOR_INTEGER;
    out->integer = (int64_t)head->argument;
    if (head->major == MAJOR_NEGATIVE)
        out->integer = -1 - out->integer;
    return TG_OK;
}

static enum tg_err
read_simple(const struct head *head, struct cbor_item *out)
{
    switch (head->argument) {
    case SIMPLE_FALSE: out->kind = CBOR_FALSE; return TG_OK;
    case SIMPLE_TRUE: out->kind = CBOR_TRUE; return TG_OK;
    case SIMPLE_NULL: out->kind = CBOR_NULL; return TG_OK;
    default: return TG_E_FORMAT;
    }
}

/* An item but for what is in it, if it is an array or a map: that comes next
 * in *in, and out->content begins there. */
static enum tg_err
take_shell(struct tg_span *in, struct cbor_item *out)
{
    struct head head;
    enum tg_err err;

    if ((err = take_head(in, &head)) != TG_OK)
        return err;
    *out = (struct cbor_item){.kind = CBOR_NULL};
    switch ((enum major)head.major) {
    case MAJOR_UNSIGNED:
    case MAJOR_NEGATIVE: return read_integer(&head, out);
    case MAJOR_BYTES:
    case MAJOR_TEXT:
    case MAJOR_ARRAY:
    case MAJOR_MAP: return read_content(in, &head, out);
    case MAJOR_TAG: return TG_E_FORMAT;
    case MAJOR_SIMPLE: return read_simple(&head, out);
    }
    return TG_E_FORMAT;
}

static enum tg_err take_item(struct tg_span *in, enum cbor_order order,
                             unsigned depth, struct cbor_item *out);

static enum tg_err
take_pairs(struct tg_span *in, size_t count, enum cbor_order order,
           unsigned depth)
{
    struct keys keys;
    enum tg_err err;

    if (count > CBOR_PAIRS_MOST)
        return TG_E_LIMIT;
    keys.count = 0;
    for (size_t i = 0; i < count; i++) {
        struct tg_span key = *in;
        struct cbor_item item;

        if ((err = take_shell(in, &item)) != TG_OK)
            return err;
        if (item.kind != CBOR_INTEGER && item.kind != CBOR_TEXT)
            return TG_E_FORMAT;
        key.len -= in->len;
        if (!add_key(&keys, key, order))
            return TG_E_FORMAT;
        if ((err = take_item(in, order, depth, &item)) != TG_OK)
            return err;
    }
    return TG_OK;
}

static enum tg_err
take_elements(struct tg_span *in, size_t count, enum cbor_order order,
              unsigned depth)
{
    struct cbor_item item;
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < count && err == TG_OK; i++)
        err = take_item(in, order, depth, &item);
    return err;
}

/* `depth` arrays and maps are around it. *in is moved, also on error. */
static enum tg_err
take_item(struct tg_span *in, enum cbor_order order, unsigned depth,
          struct cbor_item *out)
{
    enum tg_err err;

    if ((err = take_shell(in, out)) != TG_OK || !is_container(out))
        return err;
    if (depth == CBOR_DEPTH)
        return TG_E_LIMIT;
    err = out->kind == CBOR_MAP
              ? take_pairs(in, out->count, order, depth + 1)
              : take_elements(in, out->count, order, depth + 1);
    out->content.len = (size_t)(in->ptr - out->content.ptr);
    return err;
}

enum tg_err
cbor_take(struct tg_span *in, enum cbor_order order, struct cbor_item *out)
{
    struct tg_span rest = *in;
    struct cbor_item item;
    enum tg_err err;

    if ((err = take_item(&rest, order, 0, &item)) != TG_OK)
        return err;
    *in = rest;
    *out = item;
    return TG_OK;
}

enum tg_err
cbor_parse(struct tg_span bytes, enum cbor_order order, struct cbor_item *out)
{
    struct cbor_item item;
    enum tg_err err;

    if ((err = cbor_take(&bytes, order, &item)) != TG_OK)
        return err;
    if (bytes.len > 0)
        return TG_E_FORMAT;
    *out = item;
    return TG_OK;
}

/* ---- members of what was judged ---------------------------------------- */

/* The item at the front with all that is in it. False: there is none. */
static bool
step(struct tg_span *in, struct cbor_item *out)
{
    struct cbor_item inner;
    size_t pending;

    if (take_shell(in, out) != TG_OK)
        return false;
    if (!is_container(out))
        return true;
    pending = out->count * (out->kind == CBOR_MAP ? 2 : 1);
    for (; pending > 0; pending--) {
        if (take_shell(in, &inner) != TG_OK)
            return false;
        if (is_container(&inner))
            pending += inner.count * (inner.kind == CBOR_MAP ? 2 : 1);
    }
    out->content.len = (size_t)(in->ptr - out->content.ptr);
    return true;
}

/* The value whose key is like `wanted`, an integer or a text. */
static bool
find(const struct cbor_item *map, const struct cbor_item *wanted,
     struct cbor_item *out)
{
    struct tg_span rest = map->content;
    struct cbor_item value;
    struct cbor_item key;

    if (map->kind != CBOR_MAP)
        return false;
    for (size_t i = 0; i < map->count; i++) {
        if (!step(&rest, &key) || !step(&rest, &value))
            return false;
        if (key.kind == wanted->kind && key.integer == wanted->integer &&
            tg_span_equal(key.content, wanted->content)) {
            *out = value;
            return true;
        }
    }
    return false;
}

bool
cbor_member(const struct cbor_item *map, const char *key,
            struct cbor_item *out)
{
    const struct cbor_item wanted = {.kind = CBOR_TEXT,
                                     .content = tg_span_text(key)};

    return find(map, &wanted, out);
}

bool
cbor_member_int(const struct cbor_item *map, int64_t key,
                struct cbor_item *out)
{
    const struct cbor_item wanted = {.kind = CBOR_INTEGER, .integer = key};

    return find(map, &wanted, out);
}

bool
cbor_element(const struct cbor_item *array, size_t index,
             struct cbor_item *out)
{
    struct tg_span rest = array->content;
    struct cbor_item item;

    if (array->kind != CBOR_ARRAY || index >= array->count)
        return false;
    for (size_t i = 0; i <= index; i++)
        if (!step(&rest, &item))
            return false;
    *out = item;
    return true;
}

bool
cbor_member_bytes(const struct cbor_item *map, const char *key,
                  struct tg_span *out)
{
    struct cbor_item item;

    if (!cbor_member(map, key, &item) || item.kind != CBOR_BYTES)
        return false;
    *out = item.content;
    return true;
}

bool
cbor_member_text(const struct cbor_item *map, const char *key,
                 struct tg_span *out)
{
    struct cbor_item item;

    if (!cbor_member(map, key, &item) || item.kind != CBOR_TEXT)
        return false;
    *out = item.content;
    return true;
}

bool
cbor_member_integer(const struct cbor_item *map, const char *key,
                    int64_t *out)
{
    struct cbor_item item;

    if (!cbor_member(map, key, &item) || item.kind != CBOR_INTEGER)
        return false;
    *out = item.integer;
    return true;
}
