/* One side of <tigress/pin.h>, told what to do line by line: for cpace_peer.py.
 * Bytes are hexadecimal, "-" is none. An answer is one line: "ok", with bytes
 * where there are some, or the name of the error.
 *
 *   begin initiator|recipient PIN CONTEXT SESSION ASSOCIATED   → ok SHARE
 *   restart                                                    → ok SHARE
 *   finish SHARE ASSOCIATED                                    → ok
 *   tag                                                        → ok TAG
 *   check TAG                                                  → ok
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tigress/tigress.h>

enum { LINE_MOST = 8192, WORDS = 6, BYTES_MOST = 1024 };

struct bytes {
    uint8_t at[BYTES_MOST];
    size_t len;
};

static void
die(const char *what)
{
    fprintf(stderr, "cpace_peer: %s\n", what);
    exit(2);
}

/* Into `out`, which must stay; the driver is trusted to write hexadecimal. */
static struct tg_span
parse(const char *hex, struct bytes *out)
{
    out->len = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    if (out->len > sizeof(out->at))
        die("too long");
    for (size_t i = 0; i < out->len; i++) {
        unsigned value;

        if (sscanf(hex + 2 * i, "%2x", &value) != 1)
            die("not hexadecimal");
        out->at[i] = (uint8_t)value;
    }
    return (struct tg_span){out->at, out->len};
}

static void
answer(enum tg_err err, struct tg_span bytes)
{
    if (err != TG_OK) {
        puts(tg_err_name(err));
    } else {
        fputs(bytes.len > 0 ? "ok " : "ok", stdout);
        for (size_t i = 0; i < bytes.len; i++)
            printf("%02x", bytes.ptr[i]);
        putchar('\n');
    }
    fflush(stdout);
}

static void
do_begin(char **words, struct tg_pake **pake)
{
    static struct bytes context;
    static struct bytes session;
    static struct bytes associated;
    enum tg_role role =
        strcmp(words[1], "initiator") == 0 ? TG_INITIATOR : TG_RECIPIENT;
    enum tg_err err;

    tg_pake_free(*pake);
    *pake = NULL;
    err = tg_pake_begin(role, words[2], parse(words[3], &context),
                        parse(words[4], &session),
                        parse(words[5], &associated), pake);
    answer(err, err == TG_OK ? tg_pake_share(*pake) : TG_SPAN_EMPTY);
}

static void
do_restart(struct tg_pake **pake)
{
    struct tg_buf saved = TG_BUF_EMPTY;
    struct tg_pake *again = NULL;
    enum tg_err err;

    err = tg_pake_save(*pake, &saved);
    if (err == TG_OK)
        err = tg_pake_load((struct tg_span){saved.ptr, saved.len}, &again);
    tg_buf_free(&saved);
    if (err == TG_OK) {
        tg_pake_free(*pake);
        *pake = again;
    }
    answer(err, tg_pake_share(*pake));
}

static void
do_tag(const struct tg_pake *pake)
{
    struct tg_buf tag = TG_BUF_EMPTY;
    enum tg_err err = tg_pake_tag(pake, &tag);

    answer(err, (struct tg_span){tag.ptr, tag.len});
    tg_buf_free(&tag);
}

static void
obey(char **words, int count, struct tg_pake **pake)
{
    static struct bytes first;
    static struct bytes second;

    if (strcmp(words[0], "begin") == 0 && count == 6)
        do_begin(words, pake);
    else if (*pake == NULL)
        die("nothing has begun");
    else if (strcmp(words[0], "restart") == 0 && count == 1)
        do_restart(pake);
    else if (strcmp(words[0], "finish") == 0 && count == 3)
        answer(tg_pake_finish(*pake, parse(words[1], &first),
                              parse(words[2], &second)),
               TG_SPAN_EMPTY);
    else if (strcmp(words[0], "tag") == 0 && count == 1)
        do_tag(*pake);
    else if (strcmp(words[0], "check") == 0 && count == 2)
        answer(tg_pake_check(*pake, parse(words[1], &first)), TG_SPAN_EMPTY);
    else
        die("unknown command");
}

int
main(void)
{
    static char line[LINE_MOST];
    struct tg_pake *pake = NULL;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[WORDS];
        char *rest = line;
        int count = 0;

        line[strcspn(line, "\n")] = '\0';
        while (rest != NULL && count < WORDS)
            words[count++] = strsep(&rest, " ");
        obey(words, count, &pake);
    }
    tg_pake_free(pake);
    return 0;
}
