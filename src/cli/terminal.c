/* See terminal.h. Signals that would end or stop the program are held back
 * while the echo is off, but for the moments in which it waits for a key; one
 * that comes then is noted, and raised again when the echo is back. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

enum { COUNT = sizeof numbers / sizeof numbers[0] };

struct held {
    sigset_t mask; /* as it was */
    struct sigaction actions[COUNT];
};

static volatile sig_atomic_t came; /* the number of a signal, or 0 */

static void
note(int number)
{
    came = number;
}

static void
hold(struct held *held)
{
    struct sigaction action = {.sa_handler = note};
    sigset_t mask;

    came = 0;
    sigemptyset(&mask);
    for (size_t i = 0; i < COUNT; i++)
        sigaddset(&mask, numbers[i]);
    sigprocmask(SIG_BLOCK, &mask, &held->mask);
    for (size_t i = 0; i < COUNT; i++) {
        sigaction(numbers[i], NULL, &held->actions[i]);
        /* What was ignored, as under nohup, stays so. */
        if (held->actions[i].sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

static void
release(const struct held *held)
{
    int number = came;

    for (size_t i = 0; i < COUNT; i++)
        sigaction(numbers[i], &held->actions[i], NULL);
    if (number != 0)
        (void)raise(number);
    sigprocmask(SIG_SETMASK, &held->mask, NULL);
}

/* One byte: 1, 0 at the end, -1 when a signal came or reading fails. */
static int
read_byte(int fd, const sigset_t *mask, char *out)
{
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        ssize_t n = ppoll(&wait, 1, NULL, mask);

        if (n > 0)
            n = read(fd, out, 1);
        if (n >= 0)
            return (int)n;
        if (errno != EINTR || came != 0)
            return -1;
    }
}

static enum tg_err
read_line(int fd, const sigset_t *mask, size_t max, struct files_text *out)
{
    struct files_text line = {calloc(1, max + 2), 0};
    enum tg_err err = TG_OK;

    if (line.ptr == NULL)
        return TG_E_NOMEM;
    for (;;) {
        int n = read_byte(fd, mask, line.ptr + line.len);

        if (n < 0)
            err = TG_E_IO;
        if (n <= 0 || line.ptr[line.len] == '\n')
            break;
        if (line.len == max)
            err = TG_E_LIMIT; /* read on, or a shell would get the rest */
        else
            line.len++;
    }
    line.ptr[line.len] = '\0';
    if (err == TG_OK)
        *out = line;
    else
        files_text_free(&line);
    return err;
}

static void
say(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

static enum tg_err
ask(int fd, const sigset_t *mask, const char *question, size_t max,
    struct files_text *out)
{
    struct termios shown;
    struct termios hidden;
    enum tg_err err;

    if (tcgetattr(fd, &shown) != 0)
        return TG_E_NOT_FOUND;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    hidden.c_lflag |= ICANON;
    /* The call succeeds when it could do anything at all: look. */
    if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0 ||
        tcgetattr(fd, &hidden) != 0 || (hidden.c_lflag & ECHO) != 0)
        return TG_E_IO;
    say(fd, question);
    err = read_line(fd, mask, max, out);
    (void)tcsetattr(fd, TCSAFLUSH, &shown);
    say(fd, "\n");
    return err;
}

enum tg_err
terminal_ask(const char *question, size_t max, struct files_text *out)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct held held;
    enum tg_err err;

    if (fd < 0)
        return TG_E_NOT_FOUND;
    do {
        hold(&held);
        err = ask(fd, &held.mask, question, max, out);
        release(&held);
    } while (err == TG_E_IO && came == SIGTSTP); /* stopped, and going on */
    close(fd);
    return err;
}
