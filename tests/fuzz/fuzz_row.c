/* The encodings within a row: there is one encoding of each mailbox, so what
 * is accepted is written again byte by byte the same. */
#include "fuzz.h"

#include "row/row.h"
#include "row/row_codec.h"

static void
check_mailbox(struct tg_span bytes)
{
    struct tg_buf again = TG_BUF_EMPTY;
    struct mailbox mb;

    if (row_decode_mailbox(bytes, &mb) != TG_OK)
        return;
    FUZZ_CHECK(mb.exists);
    FUZZ_CHECK(row_encode_mailbox(&mb, &again) == TG_OK);
    FUZZ_CHECK(tg_span_equal(bytes, tg_span_buf(&again)));
    tg_buf_free(&again);
}

static void
check_create(struct tg_span bytes)
{
    struct tg_buf again = TG_BUF_EMPTY;
    struct create_memory memory;

    if (row_decode_create(bytes, &memory) != TG_OK)
        return;
    FUZZ_CHECK(row_encode_create(&memory, &again) == TG_OK);
    FUZZ_CHECK(tg_span_equal(bytes, tg_span_buf(&again)));
    tg_buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tg_span bytes = {data, size};

    check_mailbox(bytes);
    check_create(bytes);
    return 0;
}
