/* See files.h. */
#include "files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
files_text_free(struct files_text *text)
{
    if (text->ptr != NULL) {
        explicit_bzero(text->ptr, text->len);
        free(text->ptr);
    }
    *text = FILES_TEXT_EMPTY;
}

/* Read until the end or `max` bytes; -1 as read(2). */
static ssize_t
read_all(int fd, char *to, size_t max)
{
    size_t len = 0;

    while (len < max) {
        ssize_t n = read(fd, to + len, max - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static enum tg_err
read_fd(int fd, size_t max, struct files_text *out)
{
    /* One byte more than allowed tells a file that is too long. */
    char *ptr = malloc(max + 1);
    ssize_t len;
    enum tg_err err = TG_OK;

    if (ptr == NULL)
        return TG_E_NOMEM;
    len = read_all(fd, ptr, max + 1);
    if (len < 0)
        err = TG_E_IO;
    else if ((size_t)len > max)
        err = TG_E_LIMIT;
    if (err != TG_OK) {
        explicit_bzero(ptr, max + 1);
        free(ptr);
        return err;
    }
    ptr[len] = '\0';
    *out = (struct files_text){ptr, (size_t)len};
    return TG_OK;
}

enum tg_err
files_read(const char *path, size_t max, struct files_text *out)
{
    enum tg_err err;
    int saved;
    int fd;

    if (strcmp(path, "-") == 0)
        return read_fd(STDIN_FILENO, max, out);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return TG_E_IO;
    err = read_fd(fd, max, out);
    saved = errno;
    close(fd);
    errno = saved;
    return err;
}

bool
files_can_read(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return false;
    }
    return access(path, R_OK) == 0;
}

void
files_cut_line(struct files_text *text)
{
    size_t end = strcspn(text->ptr, "\r\n");
    size_t start = 0;

    while (end > start && isspace((unsigned char)text->ptr[end - 1]))
        end--;
    while (start < end && isspace((unsigned char)text->ptr[start]))
        start++;
    memmove(text->ptr, text->ptr + start, end - start);
    explicit_bzero(text->ptr + (end - start), text->len - (end - start));
    text->len = end - start;
}

enum tg_err
files_read_line(const char *path, size_t max, struct files_text *out)
{
    struct files_text text = FILES_TEXT_EMPTY;
    enum tg_err err = files_read(path, max, &text);

    if (err != TG_OK)
        return err;
    if (memchr(text.ptr, '\0', text.len) != NULL)
        err = TG_E_FORMAT;
    else
        files_cut_line(&text);
    if (err == TG_OK && text.len == 0)
        err = TG_E_FORMAT;
    if (err != TG_OK) {
        files_text_free(&text);
        return err;
    }
    *out = text;
    return TG_OK;
}

enum tg_err
files_create(const char *path, int *fd)
{
    int n = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 0600);

    if (n < 0)
        return errno == EEXIST ? TG_E_EXISTS : TG_E_IO;
    *fd = n;
    return TG_OK;
}

static enum tg_err
write_all(int fd, struct tg_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == ENOSPC || errno == EDQUOT ? TG_E_FULL : TG_E_IO;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return fsync(fd) == 0 ? TG_OK : TG_E_IO;
}

enum tg_err
files_finish(const char *path, int fd, struct tg_span bytes)
{
    enum tg_err err = write_all(fd, bytes);

    if (close(fd) != 0 && err == TG_OK)
        err = TG_E_IO;
    if (err != TG_OK)
        unlink(path);
    return err;
}

void
files_discard(const char *path, int fd)
{
    close(fd);
    unlink(path);
}
