/* See line.h. */
#include "line.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 8 };

static int64_t
monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum tg_err
find_address(const char *path, struct sockaddr_un *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

    if (len < 0 || (size_t)len >= sizeof(address.sun_path))
        return TG_E_LIMIT;
    *out = address;
    return TG_OK;
}

enum tg_err
line_listen(const char *path, int *out)
{
    struct sockaddr_un address;
    enum tg_err err;
    int fd;

    if ((err = find_address(path, &address)) != TG_OK)
        return err;
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return TG_E_IO;
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        close(fd);
        return TG_E_IO;
    }
    *out = fd;
    return TG_OK;
}

enum tg_err
line_connect(const char *path, int *out)
{
    struct sockaddr_un address;
    enum tg_err err;
    int fd;

    if ((err = find_address(path, &address)) != TG_OK)
        return err;
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return TG_E_IO;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return TG_E_NETWORK;
    }
    *out = fd;
    return TG_OK;
}

enum tg_err
line_send(int fd, const struct members *members)
{
    struct text json = TEXT_EMPTY;
    struct text line = TEXT_EMPTY;
    enum tg_err err;
    size_t sent = 0;

    if ((err = members_format(members, &json)) != TG_OK)
        goto out;
    if ((err = text_print(&line, "%s\n", json.at)) != TG_OK)
        goto out;
    while (sent < line.len) {
        ssize_t n = send(fd, line.at + sent, line.len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err = TG_E_NETWORK;
            break;
        }
        sent += (size_t)n;
    }
out:
    text_free(&line);
    text_free(&json);
    return err;
}

/* Wait for one byte: it is never read past the line, whose rest would belong
 * to the next. */
static enum tg_err
receive_byte(int fd, int64_t deadline_ms, char *out)
{
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int64_t left_ms = deadline_ms - monotonic_ms();
        ssize_t n;

        if (left_ms <= 0)
            return TG_E_NO_NEWS;
        n = poll(&waiting, 1, (int)left_ms);
        if (n == 0)
            return TG_E_NO_NEWS;
        if (n > 0)
            n = recv(fd, out, 1, 0);
        if (n == 1)
            return TG_OK;
        if (n == 0 || errno != EINTR)
            return TG_E_NETWORK;
    }
}

enum tg_err
line_receive(int fd, struct members **out)
{
    int64_t deadline_ms = monotonic_ms() + LINE_SECONDS * 1000;
    char *line = malloc(LINE_BYTES_MAX);
    enum tg_err err = TG_E_NOMEM;
    size_t len = 0;

    if (line == NULL)
        return err;
    while ((err = receive_byte(fd, deadline_ms, line + len)) == TG_OK &&
           line[len] != '\n') {
        if (++len == LINE_BYTES_MAX) {
            err = TG_E_LIMIT;
            break;
        }
    }
    if (err == TG_OK)
        err = members_parse((struct tg_span){(uint8_t *)line, len}, out);
    free(line);
    return err;
}
