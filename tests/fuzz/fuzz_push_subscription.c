/* Subscriptions of browsers: what is accepted is a plain https URL of one form
 * only, whose host is a name, and it is allowed by no entry but its own. */
#include "fuzz.h"

#include "base/base64.h"
#include "base/json.h"
#include "push/subscription.h"

static enum tg_err
parse(struct tg_span json, struct subscription *out)
{
    struct tg_buf token = TG_BUF_EMPTY;
    enum tg_err err;

    FUZZ_CHECK(tg_base64_encode(json, &token) == TG_OK);
    err = subscription_parse(tg_span_buf(&token), out);
    tg_buf_free(&token);
    FUZZ_CHECK(err == TG_OK || err == TG_E_FORMAT);
    return err;
}

static enum tg_err
parse_endpoint(struct tg_span url, struct subscription *out)
{
    struct tg_json *json = tg_json_object();
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    FUZZ_CHECK(json != NULL);
    err = tg_json_set_text(json, "endpoint", url);
    if (err == TG_OK) {
        FUZZ_CHECK(tg_json_format(json, &text) == TG_OK);
        err = parse(tg_span_buf(&text), out);
    }
    tg_buf_free(&text);
    tg_json_free(json);
    return err;
}

static void
check_text(const struct subscription *made)
{
    const char *url = (const char *)made->url.ptr;

    FUZZ_CHECK(strlen(url) == made->url.len);
    FUZZ_CHECK(strncmp(url, "https://", 8) == 0);
    FUZZ_CHECK(strncmp(url, (const char *)made->origin.ptr,
                       made->origin.len) == 0);
    FUZZ_CHECK(url[made->origin.len] == '/');
    for (size_t i = 0; i < made->url.len; i++)
        FUZZ_CHECK(made->url.ptr[i] > ' ' && made->url.ptr[i] < 0x7f &&
                   made->url.ptr[i] != '\\' && made->url.ptr[i] != '#');
    FUZZ_CHECK(strpbrk(made->host, "@:/[]") == NULL);
    FUZZ_CHECK(strncmp(url + 8, made->host, strlen(made->host)) == 0);
    FUZZ_CHECK(strchr("0123456789", strrchr(made->host, '.') != NULL
                                        ? strrchr(made->host, '.')[1]
                                        : made->host[0]) == NULL);
}

static void
check_entries(const struct subscription *made)
{
    char entry[SUBSCRIPTION_HOST_MOST + 16];

    snprintf(entry, sizeof(entry), "%s:%u", made->host, made->port);
    FUZZ_CHECK(subscription_is_entry(entry));
    FUZZ_CHECK(subscription_is_allowed(made, entry));
    snprintf(entry, sizeof(entry), "%s:%u", made->host,
             made->port == 1 ? 2 : made->port - 1);
    FUZZ_CHECK(!subscription_is_allowed(made, entry));
    snprintf(entry, sizeof(entry), "*.%s:%u", made->host, made->port);
    FUZZ_CHECK(!subscription_is_allowed(made, entry));
    snprintf(entry, sizeof(entry), "x%s:%u", made->host, made->port);
    FUZZ_CHECK(!subscription_is_allowed(made, entry));
}

static void
check(struct subscription *made)
{
    struct subscription again;

    check_text(made);
    check_entries(made);
    if (made->url.len <= 2048) {
        FUZZ_CHECK(parse_endpoint(tg_span_buf(&made->url), &again) == TG_OK);
        FUZZ_CHECK(tg_span_equal(tg_span_buf(&made->url),
                                 tg_span_buf(&again.url)));
        subscription_free(&again);
    }
    subscription_free(made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span input = {data, size};
    struct subscription made;
    char entry[64] = {0};

    if (parse(input, &made) == TG_OK)
        check(&made);
    if (parse_endpoint(input, &made) == TG_OK)
        check(&made);
    if (subscription_parse(input, &made) == TG_OK)
        check(&made);
    memcpy(entry, data, size < sizeof(entry) ? size : sizeof(entry) - 1);
    (void)subscription_is_entry(entry);
    return 0;
}
