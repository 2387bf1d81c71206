/* Files of service accounts: what is taken from one can stand in a header, a
 * path and a URL. */
#include "fuzz.h"

#include "push/service_account.h"

static void
check_text(const struct tg_buf *text)
{
    for (size_t i = 0; i < text->len; i++)
        FUZZ_CHECK(text->ptr[i] > ' ' && text->ptr[i] < 0x7f);
    FUZZ_CHECK(text->len == 0 || text->ptr[text->len] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct service_account account = {0};
    struct config_problem problem = {0};
    enum tg_err err;

    err = service_account_parse((struct tg_span){data, size}, "a file",
                                &account, &problem);
    FUZZ_CHECK(err == TG_OK || err == TG_E_FORMAT);
    FUZZ_CHECK((err == TG_OK) == (account.key != NULL));
    FUZZ_CHECK((err == TG_OK) == (problem.text.len == 0));
    check_text(&account.client_email);
    check_text(&account.private_key_id);
    check_text(&account.project_id);
    check_text(&account.token_uri);
    FUZZ_CHECK(account.project_id.len == 0 ||
               memchr(account.project_id.ptr, '/', account.project_id.len) ==
                   NULL);
    FUZZ_CHECK(account.token_uri.len == 0 ||
               strncmp((const char *)account.token_uri.ptr, "https://", 8) ==
                   0);
    service_account_free(&account);
    tg_buf_free(&problem.text);
    return 0;
}
