/* See config.h: the file itself, before its text is taken apart. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "push/config.h"
#include "push/config_value.h"

enum { FILE_MOST = 64 * 1024, CHUNK = 4096 };

/* The file as a whole is wrong. */
static enum tg_err
complain(struct config_problem *problem, enum tg_err err, const char *what,
         const char *more)
{
    struct tg_buf *out = &problem->text;

    problem->line = 0;
    tg_buf_clear(out);
    if (tg_buf_printf(out, "%s%s", what, more) != TG_OK ||
        tg_buf_terminate(out) != TG_OK)
        return TG_E_NOMEM;
    return err;
}

static enum tg_err
read_all(int fd, struct tg_buf *out)
{
    ssize_t n = 1;
    enum tg_err err;

    while (n != 0 && out->len <= FILE_MOST) {
        if ((err = tg_buf_reserve(out, CHUNK)) != TG_OK)
            return err;
        n = read(fd, out->ptr + out->len, CHUNK);
        if (n > 0)
            out->len += (size_t)n;
        else if (n < 0 && errno != EINTR)
            return TG_E_IO;
    }
    return tg_buf_terminate(out);
}

static enum tg_err
read_text(int fd, struct tg_buf *out, struct config_problem *problem)
{
    enum tg_err err = read_all(fd, out);

    if (err == TG_E_IO)
        return complain(problem, err, "the file cannot be read: ",
                        strerror(errno));
    if (err != TG_OK)
        return err;
    if (out->len > FILE_MOST)
        return complain(problem, TG_E_FORMAT, "the file is too long", "");
    if (memchr(out->ptr, 0, out->len) != NULL)
        return complain(problem, TG_E_FORMAT, "this is no text", "");
    return TG_OK;
}

/* Before its text is believed, and once more when it has named the group. */
static enum tg_err
judge(const char *path, const struct stat *st, const char *group,
      struct config_problem *problem)
{
    char why[GUARD_WHY_MOST];

    if (guard_is_ours(st, path, GUARD_SECRET, group, why))
        return TG_OK;
    return complain(problem, TG_E_FORMAT, "the file cannot be used: ", why);
}

static enum tg_err
parse(const char *path, const char *text, struct push_config *out,
      struct config_problem *problem)
{
    const char *slash = strrchr(path, '/');
    struct tg_span until_slash = {(const uint8_t *)path,
                                  slash != NULL ? (size_t)(slash - path) + 1
                                                : 0};
    char *directory = NULL;
    enum tg_err err = value_copy(until_slash, &directory);

    if (err == TG_OK)
        err = config_parse(text, directory, out, problem);
    tg_free(directory);
    return err;
}

enum tg_err
config_read(const char *path, struct push_config *out,
            struct config_problem *problem)
{
    struct tg_buf text = TG_BUF_EMPTY;
    char why[GUARD_WHY_MOST];
    struct stat st;
    int fd = guard_open(path, &st, why);
    enum tg_err err;

    if (fd < 0)
        return complain(problem, TG_E_IO, "the file cannot be read: ", why);
    if ((err = judge(path, &st, NULL, problem)) == TG_OK &&
        (err = read_text(fd, &text, problem)) == TG_OK &&
        (err = parse(path, (const char *)text.ptr, out, problem)) == TG_OK)
        err = judge(path, &st, out->group, problem);
    close(fd);
    tg_buf_free(&text);
    return err;
}
