/* See page_policy.h. */
#include "wire/page_policy.h"

#include <string.h>

#include "wire/answer.h"
#include "wire/page_style.h"

enum { POLICY_FRAME = 512, PERCENT_MOST = 3 };

#define POLICY_START                                                         \
    "default-src 'none'; style-src 'sha256-" PAGE_STYLE_HASH "'; "           \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define POLICY_IMAGE "; img-src "

/* What a source expression's path may have as it is. The rest, `;` and `,`
 * above all, would end it: percent-encoded, browsers decode it again. */
static bool
is_policy_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != 0 && strchr("-._~/%:@!$&()+=", c) != NULL);
}

static void
append_policy_path(struct wire_answer *answer, struct tg_span path)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = path.ptr[i];
        const uint8_t encoded[] = {'%', (uint8_t)digits[c >> 4],
                                   (uint8_t)digits[c & 15]};

        if (is_policy_character(c))
            answer_text(answer, (struct tg_span){&c, 1});
        else
            answer_text(answer, TG_SPAN_ARRAY(encoded));
    }
}

/* Of the relay's own only the path is told apart from other pages of it; an
 * origin that a policy cannot name is "this one". */
static void
append_source(struct wire_answer *answer, const struct page_image *image)
{
    const struct image_url *url = &image->url;

    if (image->is_ours) {
        bool has_name = memchr(image->parts[0].ptr, '[',
                               image->parts[0].len) == NULL;

        answer_text(answer, has_name ? image->parts[0]
                                     : TG_SPAN_LITERAL("'self'"));
        if (has_name)
            answer_text(answer, image->parts[1]);
        return;
    }
    answer_text(answer, TG_SPAN_LITERAL("https://"));
    answer_text(answer, url->host);
    if (url->port.len > 0)
        answer_text(answer, TG_SPAN_LITERAL(":"));
    answer_text(answer, url->port);
    append_policy_path(answer, url->path);
}

void
page_add_policy(struct wire_answer *answer, const struct page_image *image)
{
    size_t start = answer->text.len;

    answer_text(answer, TG_SPAN_LITERAL(POLICY_START));
    if (image != NULL) {
        answer_text(answer, TG_SPAN_LITERAL(POLICY_IMAGE));
        append_source(answer, image);
    }
    answer_header_text(answer, "Content-Security-Policy", start);
}

size_t
page_policy_room(const struct page_image *image)
{
    if (image == NULL)
        return POLICY_FRAME;
    return POLICY_FRAME + image->parts[0].len + image->parts[1].len +
           image->url.path.len * PERCENT_MOST;
}
