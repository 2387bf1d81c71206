/* The configuration of tigress-push. */
#include "fuzz.h"
#include "push/config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tg_span bytes = {data, size};
    struct push_config config = {0};
    struct config_problem problem = {0};
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    if (tg_buf_append(&text, bytes) != TG_OK ||
        tg_buf_terminate(&text) != TG_OK)
        abort();
    err = config_parse((const char *)text.ptr, "/nowhere/", &config, &problem);
    FUZZ_CHECK(err == TG_E_FORMAT || err == TG_OK);
    FUZZ_CHECK(err == TG_OK || problem.text.len > 0);
    tg_buf_free(&problem.text);
    tg_buf_free(&text);
    config_free(&config);
    return 0;
}
