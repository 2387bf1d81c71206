/* What a relay says of itself: what is parsed keeps to its bounds, and means
 * the same when it is kept as compact JSON and read again. */
#include "fuzz.h"

#include "base/json.h"
#include "client/discovery.h"

static void
check_list(const struct tg_relay_info *info,
           const char *at(const struct tg_relay_info *, size_t))
{
    size_t count = 0;

    for (; at(info, count) != NULL; count++) {
        const char *word = at(info, count);

        FUZZ_CHECK(count < DISCOVERY_LIST_MAX);
        FUZZ_CHECK(word[0] != '\0' && strlen(word) <= DISCOVERY_TEXT_MAX);
        for (; *word != '\0'; word++)
            FUZZ_CHECK(*word > ' ' && *word <= '~');
    }
}

static void
check_number(int64_t number, int64_t least)
{
    FUZZ_CHECK(number == -1 ||
               (number >= least && number <= DISCOVERY_NUMBER_MAX));
}

static void
check_kept(struct tg_span text, const struct tg_relay_info *info)
{
    struct tg_json *json = NULL;
    struct tg_buf compact = TG_BUF_EMPTY;
    struct tg_relay_info again;

    FUZZ_CHECK(tg_json_parse(text, &json) == TG_OK);
    FUZZ_CHECK(tg_json_format(json, &compact) == TG_OK);
    FUZZ_CHECK(memchr(compact.ptr, '\n', compact.len) == NULL);
    /* An escape can be longer than what it was written as. */
    if (compact.len <= DISCOVERY_MAX) {
        FUZZ_CHECK(discovery_parse(tg_span_buf(&compact), &again) == TG_OK);
        FUZZ_CHECK(again.payload_max == info->payload_max);
        FUZZ_CHECK(again.wait_max_s == info->wait_max_s);
        FUZZ_CHECK(again.versions.count == info->versions.count);
    }
    tg_buf_free(&compact);
    tg_json_free(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tg_span text = {data, size};
    struct tg_relay_info info;

    if (discovery_parse(text, &info) != TG_OK)
        return 0;
    check_list(&info, tg_relay_info_version);
    check_list(&info, tg_relay_info_payload_type);
    check_list(&info, tg_relay_info_notification);
    check_list(&info, tg_relay_info_attestation_format);
    check_number(info.payload_max, 1);
    check_number(info.lifetime_default_s, 1);
    check_number(info.lifetime_max_s, 1);
    check_number(info.wait_max_s, 0);
    check_kept(text, &info);
    return 0;
}
