/* See service.h: what a post is made of. */
#include <stdarg.h>
#include <stdio.h>

#include "push/service.h"

bool
push_is_passing(int status)
{
    return status == 0 || status == 429 || (status >= 500 && status <= 599);
}

void
push_post_free(struct push_post *post)
{
    tg_buf_free(&post->url);
    for (size_t i = 0; i < PUSH_HEADERS_MOST; i++)
        tg_buf_free(&post->headers[i]);
    tg_buf_free(&post->body);
    *post = (struct push_post){0};
}

enum tg_err
push_post_header(struct push_post *post, const char *format, ...)
{
    struct tg_buf *header = &post->headers[post->header_count];
    enum tg_err err;
    va_list args;
    va_list again;
    int len;

    if (post->header_count == PUSH_HEADERS_MOST)
        return TG_E_LIMIT;
    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        err = TG_E_LIMIT;
    else if ((err = tg_buf_reserve(header, (size_t)len + 1)) == TG_OK) {
        vsnprintf((char *)header->ptr, (size_t)len + 1, format, again);
        header->len = (size_t)len;
        post->header_count++;
    }
    va_end(again);
    return err;
}
