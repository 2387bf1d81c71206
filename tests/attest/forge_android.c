/* See forge_android.h. */
#include "forge_android.h"

#include <string.h>

struct forge_android
forge_android_template(void)
{
    return (struct forge_android){
        .versions = {"0202012c", "0202012c"},
        .levels = {"0a0101", "0a0101"},
        .software = ANDROID_CREATED,
        .hardware = ANDROID_SIGN ANDROID_ALGORITHM_EC ANDROID_NO_AUTH
            ANDROID_GENERATED ANDROID_ROOT_OF_TRUST,
        .behind = "",
        .behind_all = "",
    };
}

static void
put_list(struct tg_buf *out, const char *members)
{
    struct tg_buf list = TG_BUF_EMPTY;

    forge_hex(&list, members);
    forge_der(out, 0x30, tg_span_buf(&list));
    tg_buf_free(&list);
}

void
forge_android_description(struct tg_buf *out,
                          const struct forge_android *android,
                          struct tg_span challenge)
{
    struct tg_buf fields = TG_BUF_EMPTY;

    for (int i = 0; i < 2; i++) {
        forge_hex(&fields, android->versions[i]);
        forge_hex(&fields, android->levels[i]);
    }
    forge_der(&fields, 0x04, challenge);
    forge_hex(&fields, "0400"); /* uniqueId */
    put_list(&fields, android->software);
    put_list(&fields, android->hardware);
    forge_hex(&fields, android->behind);
    forge_der(out, 0x30, tg_span_buf(&fields));
    forge_hex(out, android->behind_all);
    tg_buf_free(&fields);
}

static void
make_android_key(struct forge *f)
{
    const struct forge_android *android = f->self;
    struct tg_buf data = TG_BUF_EMPTY;
    uint8_t challenge[ATTEST_HASH_LEN];

    memcpy(challenge, f->client_data_hash, sizeof(challenge));
    if (android->other_challenge)
        challenge[0] ^= 1;
    forge_android_description(&f->extension, android,
                              (struct tg_span)TG_SPAN_ARRAY(challenge));
    if (!android->without_description)
        forge_add_extension(&f->leaf, "1.3.6.1.4.1.11129.2.1.17",
                            tg_span_buf(&f->extension), false);
    forge_make_leaf(f);
    forge_signed_data(f, &data);
    forge_statement_begin(f, 3);
    forge_member_alg(f);
    forge_member_sig(f, tg_span_buf(&data));
    forge_member_x5c(f);
    tg_buf_free(&data);
}

void
forge_begin_android(struct forge *f, struct forge_android *android,
                    const struct forge_authority *authority)
{
    forge_begin(f, ATTEST_ANDROID_KEY, authority);
    f->make = make_android_key;
    f->self = android;
    /* As Android's certificates are. */
    f->leaf.subject = "CN=Android Keystore Key";
    f->leaf.basic = FORGE_BASIC_NONE;
    f->leaf.key_usage = "critical,digitalSignature";
}
