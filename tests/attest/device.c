/* attest_device ROOT: a device for tests of a real relay.
 *
 * Writes the root of its maker to the file ROOT, then answers each line
 *
 *     FORMAT ORIGIN RP_ID CHALLENGE
 *
 * of its input (the challenge in hexadecimal) with a line: the value of
 * Mailbox-Device-Attestation. A FORMAT with "spoilt-" in front has a wrong
 * signature, or is about other data where a certificate says what it is about.
 * FORMAT may also be a word of tigress_attestation that widens one: what is
 * accepted with this word alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "forge_android.h"
#include "forge_tpm.h"

enum { WORD = 128, LINE = 4 * WORD };

static const char spoilt[] = "spoilt-";

struct order {
    char format[WORD];
    char origin[WORD];
    char rp_id[WORD];
    char challenge[WORD];
};

/* What `make` of a format needs beside the forge itself. */
struct details {
    struct forge_android android;
    struct forge_tpm tpm;
};

/* What is accepted only where the operator says so. */
static void
widen_tpm(struct forge *f, struct details *details)
{
    (void)details;
    f->statement_algorithm = -65535; /* RS1 */
}

static void
widen_packed(struct forge *f, struct details *details)
{
    (void)details;
    f->make = forge_make_packed_self;
}

static void
widen_android(struct forge *f, struct details *details)
{
    (void)f;
    details->android.software = ANDROID_SIGN ANDROID_GENERATED;
    details->android.hardware = "";
}

static void
widen_apple(struct forge *f, struct details *details)
{
    (void)details;
    memcpy(f->aaguid, "appattestdevelop", sizeof(f->aaguid));
}

static const struct kind {
    const char *name;
    enum attest_format format;
    void (*widen)(struct forge *f, struct details *details);
} kinds[] = {
    {"tpm-sha1", ATTEST_TPM, widen_tpm},
    {"packed-self", ATTEST_PACKED, widen_packed},
    {"android-key-software", ATTEST_ANDROID_KEY, widen_android},
    {"apple-appattest-development", ATTEST_APPLE_APPATTEST, widen_apple},
};

static struct kind
find_kind(const char *name)
{
    struct kind kind = {.name = name};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i];
    if (!attest_format_find(tg_span_text(name), &kind.format))
        exit(2);
    return kind;
}

static void
write_root(const char *path, X509 *root)
{
    FILE *file = fopen(path, "w");
    struct tg_buf pem = TG_BUF_EMPTY;

    forge_certificate_pem(&pem, root);
    if (file == NULL || fwrite(pem.ptr, 1, pem.len, file) != pem.len ||
        fclose(file) != 0) {
        fprintf(stderr, "attest_device: cannot write the root\n");
        exit(1);
    }
    tg_buf_free(&pem);
}

static void
begin(struct forge *f, enum attest_format format, struct details *details,
      const struct forge_authority *authority)
{
    if (format == ATTEST_ANDROID_KEY) {
        forge_begin_android(f, &details->android, authority);
        f->above[f->above_count++] = authority->root; /* as Android does */
    } else if (format == ATTEST_TPM) {
        forge_begin_tpm(f, &details->tpm, authority);
    } else {
        forge_begin(f, format, authority);
    }
}

static void
set_challenge(struct forge *f, const char *hex)
{
    struct tg_buf bytes = TG_BUF_EMPTY;

    forge_hex(&bytes, hex);
    if (bytes.len != ATTEST_HASH_LEN)
        exit(2);
    memcpy(f->challenge, bytes.ptr, ATTEST_HASH_LEN);
    tg_buf_free(&bytes);
}

static void
serve(const struct order *order, const struct forge_authority *authority)
{
    struct details details = {forge_android_template(), forge_tpm_template()};
    bool is_spoilt = strncmp(order->format, spoilt, sizeof(spoilt) - 1) == 0;
    struct kind kind =
        find_kind(order->format + (is_spoilt ? sizeof(spoilt) - 1 : 0));
    struct tg_span header;
    struct forge f;

    begin(&f, kind.format, &details, authority);
    if (kind.widen != NULL)
        kind.widen(&f, &details);
    f.origin = order->origin;
    f.rp_id = order->rp_id;
    f.spoil_signature = is_spoilt;
    f.sign_other_data = is_spoilt && f.leaf_key == NULL;
    set_challenge(&f, order->challenge);
    header = forge_finish(&f);
    printf("%.*s\n", (int)header.len, (const char *)header.ptr);
    fflush(stdout);
    forge_end(&f);
    forge_tpm_done(&details.tpm);
}

int
main(int argc, char **argv)
{
    struct forge_authority authority;
    char line[LINE];

    if (argc != 2)
        return 2;
    forge_clock = tg_time_now();
    forge_authority_init(&authority);
    write_root(argv[1], authority.root);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct order order;

        if (sscanf(line, "%127s %127s %127s %127s", order.format, order.origin,
                   order.rp_id, order.challenge) != 4)
            return 2;
        serve(&order, &authority);
    }
    forge_authority_done(&authority);
    return 0;
}
