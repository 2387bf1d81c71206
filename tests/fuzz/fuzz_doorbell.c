/* Packets that pretend to come from a worker, or from tigress-push. */
#include "doorbell/doorbell.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tg_span packet = {data, size};
    struct tg_buf again = {0};
    struct doorbell_mark mark;
    struct doorbell bell;

    if (doorbell_read_ring(packet, &bell) == TG_OK)
        FUZZ_CHECK(doorbell_write_ring(&bell, &again) == TG_OK);
    if (doorbell_read_dead(packet, &mark) == TG_OK)
        FUZZ_CHECK(size == 1 + DOORBELL_MARK_LEN);
    tg_buf_free(&again);
    return 0;
}
