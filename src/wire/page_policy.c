/* See page_policy.h. */
#include "wire/page_policy.h"

#include <string.h>

#include "wire/answer.h"
#include "wire/page_style.h"

enum { POLICY_FRAME = 512, PERCENT_MOST = 3 };

#define POLICY_START                                                         \
    "default-src 'none'; style-src 'sha256-" PAGE_STYLE_HASH "'; "           \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define POLICY_IMAGE "; img-src https://"

/* `lower` is in lower case, as the site's list is. */
static bool
host_is(struct tg_span host, struct tg_span lower)
{
    if (host.len != lower.len)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c + ('a' - 'A'));
        if (c != lower.ptr[i])
            return false;
    }
    return true;
}

static bool
host_is_listed(struct tg_span host, const struct wire_site *site)
{
    for (size_t i = 0; i < site->image_host_count; i++)
        if (host_is(host, site->image_hosts[i]))
            return true;
    return site->image_host_count == 0;
}

/* A policy cannot name an IPv6 literal (CSP Level 3 §2.3.1, host-source). */
bool
page_image_is_shown(struct tg_span text, const struct wire_site *site,
                    struct image_url *url)
{
    if (image_url_parse(text, url) != TG_OK)
        return false;
    return url->host.ptr[0] != '[' && host_is_listed(url->host, site);
}

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

void
page_add_policy(struct wire_answer *answer, const struct image_url *image)
{
    size_t start = answer->text.len;

    answer_text(answer, TG_SPAN_LITERAL(POLICY_START));
    if (image != NULL) {
        answer_text(answer, TG_SPAN_LITERAL(POLICY_IMAGE));
        answer_text(answer, image->host);
        if (image->port.len > 0)
            answer_text(answer, TG_SPAN_LITERAL(":"));
        answer_text(answer, image->port);
        append_policy_path(answer, image->path);
    }
    answer_header_text(answer, "Content-Security-Policy", start);
}

size_t
page_policy_room(const struct image_url *image)
{
    if (image == NULL)
        return POLICY_FRAME;
    return POLICY_FRAME + image->host.len + image->port.len +
           image->path.len * PERCENT_MOST;
}
