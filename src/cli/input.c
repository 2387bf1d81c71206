/* See input.h. */
#include "input.h"

#include <errno.h>
#include <string.h>

#include "files.h"

int
input_read(struct session *s, const char *path, struct tg_provisioning **out)
{
    struct files_text text = FILES_TEXT_EMPTY;
    enum tg_err err = files_read(path, TG_PAYLOAD_MAX, &text);

    if (err == TG_E_IO)
        return output_unreadable(&s->out,
                                 strcmp(path, "-") == 0 ? NULL : path, errno);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_INPUT, err, NULL);
    err = tg_provisioning_parse(
        (struct tg_span){(const uint8_t *)text.ptr, text.len}, out);
    files_text_free(&text);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_INPUT, err, NULL);
    return STATUS_DONE;
}
