/* Messages of the other device: what is parsed can be judged; nothing is
 * accepted twice; an order that was damaged is refused or usable. */
#include "fuzz.h"

#include <tigress/order.h>
#include <tigress/provisioning.h>

/* An order in the middle of a conversation, saved. */
static void
check_saved(const struct tg_order *order)
{
    struct tg_buf once = TG_BUF_EMPTY;
    struct tg_buf twice = TG_BUF_EMPTY;
    struct tg_order *again;

    FUZZ_CHECK(tg_order_save(order, &once) == TG_OK);
    FUZZ_CHECK(tg_order_load(tg_span_buf(&once), &again) == TG_OK);
    FUZZ_CHECK(tg_order_save(again, &twice) == TG_OK);
    FUZZ_CHECK(tg_span_equal(tg_span_buf(&once), tg_span_buf(&twice)));
    tg_order_free(again);
    tg_buf_free(&once);
    tg_buf_free(&twice);
}

static void
check_message(const struct tg_provisioning *message)
{
    struct tg_order *order;
    struct tg_buf answer = TG_BUF_EMPTY;
    struct tg_span content = tg_provisioning_content(message);

    FUZZ_CHECK(content.len >= 2 && content.ptr[content.len] == '\0');
    FUZZ_CHECK(tg_provisioning_format_name(message)[0] != '\0');
    FUZZ_CHECK(tg_order_new(TG_RECIPIENT, &order) == TG_OK);
    if (tg_order_accept(order, message, false) == TG_OK) {
        FUZZ_CHECK(tg_provisioning_sequence(message) > 0);
        FUZZ_CHECK(tg_order_accept(order, message, false) == TG_E_REPLAY);
    }
    check_saved(order);
    if (tg_order_write(order, tg_provisioning_format_name(message), content,
                       &answer) == TG_OK) {
        struct tg_provisioning *own = NULL;

        FUZZ_CHECK(tg_provisioning_parse(tg_span_buf(&answer), &own) == TG_OK);
        FUZZ_CHECK(tg_order_accept(order, own, false) == TG_E_REPLAY);
        tg_provisioning_free(own);
    }
    check_saved(order);
    tg_buf_free(&answer);
    tg_order_free(order);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span text = {data, size};
    struct tg_provisioning *message = NULL;
    struct tg_order *order = NULL;

    if (tg_provisioning_parse(text, &message) == TG_OK)
        check_message(message);
    tg_provisioning_free(message);
    if (tg_order_load(text, &order) == TG_OK)
        check_saved(order);
    tg_order_free(order);
    return 0;
}
