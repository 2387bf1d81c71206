/* See prompt.h. */
#include "prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "state.h"

enum { SECRET_MAX = 1024 };

static const int caught_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

enum { SIGNALS = sizeof(caught_signals) / sizeof(caught_signals[0]) };

static volatile sig_atomic_t caught;

static void
on_signal(int signal)
{
    caught = signal;
}

/* A terminal whose echo is off, and how everything was before. */
struct terminal {
    int fd;
    struct termios before;
    sigset_t mask;
    sigset_t waiting; /* the mask while it waits for a key */
    struct sigaction actions[SIGNALS];
};

/* The line without its end, byte by byte: what follows belongs to whoever
 * reads next. `terminal` (or NULL): signals end the waiting. */
static enum tg_err
read_line(int fd, const struct terminal *terminal, struct text *out)
{
    char line[SECRET_MAX + 1];
    enum tg_err err = TG_OK;
    size_t len = 0;

    while (err == TG_OK) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        ssize_t n = 1;

        if (terminal != NULL)
            n = ppoll(&waiting, 1, NULL, &terminal->waiting);
        if (n > 0)
            n = read(fd, line + len, 1);
        if (n == 0 || (n > 0 && line[len] == '\n'))
            break;
        if (n < 0 && (errno != EINTR || caught != 0))
            err = TG_E_IO;
        else if (n > 0 && ++len > SECRET_MAX)
            err = TG_E_LIMIT;
    }
    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (err == TG_OK)
        err = text_copy((struct tg_span){(const uint8_t *)line, len}, out);
    OPENSSL_cleanse(line, sizeof(line));
    return err;
}

/* Signals wait until somebody waits for them: see read_line(). */
static void
hold_signals(struct terminal *terminal)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t held;

    caught = 0;
    sigemptyset(&held);
    sigaddset(&held, SIGTSTP);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&held, caught_signals[i]);
    sigprocmask(SIG_BLOCK, &held, &terminal->mask);
    terminal->waiting = terminal->mask;
    sigaddset(&terminal->waiting, SIGTSTP);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(caught_signals[i], &action, &terminal->actions[i]);
}

static enum tg_err
terminal_open(struct terminal *out)
{
    struct terminal terminal = {
        .fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)};
    struct termios silent;

    if (terminal.fd < 0)
        return TG_E_NOT_FOUND;
    if (tcgetattr(terminal.fd, &terminal.before) != 0) {
        close(terminal.fd);
        return TG_E_NOT_FOUND;
    }
    hold_signals(&terminal);
    silent = terminal.before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    silent.c_lflag |= ICANON | ISIG;
    /* An echo that cannot be switched off is noticed by reading it back. */
    tcsetattr(terminal.fd, TCSAFLUSH, &silent);
    *out = terminal;
    return TG_OK;
}

/* As it was; and a signal that came meanwhile does what it would have done. */
static void
terminal_close(struct terminal *terminal)
{
    int signal = caught;

    tcsetattr(terminal->fd, TCSAFLUSH, &terminal->before);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(caught_signals[i], &terminal->actions[i], NULL);
    if (signal != 0)
        raise(signal);
    sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
    close(terminal->fd);
}

static bool
is_silent(const struct terminal *terminal)
{
    struct termios now;

    return tcgetattr(terminal->fd, &now) == 0 && (now.c_lflag & ECHO) == 0;
}

/* What cannot be written shows as a question that is not there. */
static void
say(const struct terminal *terminal, const char *words)
{
    size_t len = strlen(words);

    while (len > 0) {
        ssize_t n = write(terminal->fd, words, len);

        if (n <= 0)
            return;
        words += n;
        len -= (size_t)n;
    }
}

static enum tg_err
ask(const char *question, struct text *out)
{
    struct terminal terminal;
    enum tg_err err;

    if ((err = terminal_open(&terminal)) != TG_OK)
        return err;
    err = TG_E_IO;
    if (is_silent(&terminal)) {
        say(&terminal, question);
        err = read_line(terminal.fd, &terminal, out);
        say(&terminal, "\n");
    }
    terminal_close(&terminal);
    return err;
}

static enum tg_err
read_file(const char *file, struct text *out)
{
    enum tg_err err;
    int fd;

    if (strcmp(file, "-") == 0)
        return read_line(STDIN_FILENO, NULL, out);
    if ((fd = open(file, O_RDONLY | O_CLOEXEC)) < 0)
        return errno == ENOENT ? TG_E_NOT_FOUND : TG_E_IO;
    err = read_line(fd, NULL, out);
    close(fd);
    return err;
}

enum tg_err
prompt_secret(const char *file, const char *question, struct text *out)
{
    return file == NULL ? ask(question, out) : read_file(file, out);
}

enum tg_err
prompt_link(const char *file, struct text *out)
{
    if (file == NULL && isatty(STDIN_FILENO))
        return ask("Paste the link (it is not shown), then press Enter: ",
                   out);
    return state_read_outside(file == NULL ? "-" : file, out);
}

enum tg_err
prompt_new_secret(const char *file, const char *question, struct text *out)
{
    struct text first = TEXT_EMPTY;
    struct text second = TEXT_EMPTY;
    enum tg_err err;

    if (file != NULL)
        return read_file(file, out);
    if ((err = ask(question, &first)) != TG_OK)
        return err;
    if ((err = ask("Once more: ", &second)) != TG_OK)
        goto out;
    err = TG_E_AUTH;
    if (first.len != second.len ||
        CRYPTO_memcmp(first.at, second.at, first.len) != 0)
        goto out;
    err = TG_OK;
    *out = first;
    first = TEXT_EMPTY;
out:
    text_free(&second);
    text_free(&first);
    return err;
}
