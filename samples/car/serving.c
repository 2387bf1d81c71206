/* See serving.h. What a key and the vehicle say to each other is in
 * challenge.h. */
#include "serving.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "challenge.h"
#include "line.h"

static volatile sig_atomic_t ending;

static void
on_signal(int signal)
{
    (void)signal;
    ending = 1;
}

static const char *
deed(enum entitlement action)
{
    switch (action) {
    case ENTITLEMENT_UNLOCK: return "The doors are unlocked.";
    case ENTITLEMENT_LOCK: return "The doors are locked.";
    case ENTITLEMENT_START: return "The engine is running.";
    case ENTITLEMENT_DRIVE: return "The gear is released: drive.";
    case ENTITLEMENT_TRUNK: return "The trunk is open.";
    case ENTITLEMENT_COUNT: break;
    }
    return "";
}

/* The log comes first: what cannot be logged is not done. */
static enum tg_err
log_event(const struct judge *judge, const struct request *request,
          enum refusal why)
{
    const char *trouble = knowledge_trouble(judge->knowledge);
    struct members *event = members_new();
    struct text line = TEXT_EMPTY;
    char when[MOMENT_TEXT];
    enum tg_err err;

    moment_format(moment_now(), when);
    members_set_text(event, "time", when);
    members_set_text(event, "action", entitlements_name(request->action));
    members_set_flag(event, "done", why == REFUSAL_NONE);
    members_set_text(event, "check", refusal_name(why));
    members_set_text(event, "key", request->key);
    members_set_flag(event, "online", knowledge_is_online(judge->knowledge));
    if (trouble != NULL)
        members_set_text(event, "trouble", trouble);
    if ((err = members_format(event, &line)) == TG_OK)
        err = state_append(judge->state, SERVING_EVENTS_FILE, line.at);
    text_free(&line);
    members_free(event);
    return err;
}

static enum tg_err
send_verdict(int fd, const struct request *request, enum refusal why)
{
    struct members *verdict = members_new();
    enum tg_err err;

    members_set_flag(verdict, "done", why == REFUSAL_NONE);
    if (why != REFUSAL_NONE)
        members_set_text(verdict, "check", refusal_name(why));
    members_set_text(verdict, "message",
                     why == REFUSAL_NONE ? deed(request->action)
                                         : refusal_text(why));
    err = line_send(fd, verdict);
    members_free(verdict);
    return err;
}

/* Draw the nonce and ask. */
static enum tg_err
send_challenge(const struct judge *judge, int fd, struct request *request)
{
    struct members *challenge = NULL;
    uint8_t nonce[CHALLENGE_NONCE];
    enum tg_err err;

    if (RAND_bytes(nonce, sizeof(nonce)) != 1)
        return TG_E_RANDOM;
    if ((err = text_to_base64((struct tg_span){nonce, sizeof(nonce)},
                              &request->nonce)) != TG_OK)
        return err;
    challenge = members_new();
    members_set_text(challenge, "vehicle", judge->vehicle);
    members_set_text(challenge, "action", entitlements_name(request->action));
    members_set_text(challenge, "nonce", request->nonce.at);
    err = line_send(fd, challenge);
    members_free(challenge);
    return err;
}

static enum tg_err
receive_action(int fd, enum entitlement *out)
{
    struct members *asked = NULL;
    const char *name;
    enum tg_err err;

    if ((err = line_receive(fd, &asked)) != TG_OK)
        return err;
    name = members_text(asked, "action");
    if (name == NULL || !entitlements_find(name, out))
        err = TG_E_FORMAT;
    members_free(asked);
    return err;
}

/* Receive the answer and judge it. TG_E_NETWORK: it went without one. */
static enum tg_err
judge_answer(const struct judge *judge, int fd, struct request *request,
             enum refusal *why)
{
    struct members *answer = NULL;
    enum tg_err err = line_receive(fd, &answer);

    if (err == TG_E_NETWORK)
        return err;
    if (err != TG_OK) {
        *why = err == TG_E_NO_NEWS ? REFUSAL_STALE : REFUSAL_FORMAT;
        return TG_OK;
    }
    err = judging_judge(judge, request, answer, why);
    if (err != TG_OK)
        fprintf(stderr, "vehicle: the uses of a key cannot be counted (%s); "
                        "nothing was done\n", tg_err_name(err));
    members_free(answer);
    return err;
}

/* One connection: one nonce, one answer, one verdict. */
static void
serve_key(const struct judge *judge, int fd)
{
    struct request request = {.nonce = TEXT_EMPTY};
    enum refusal why;

    if (receive_action(fd, &request.action) != TG_OK ||
        send_challenge(judge, fd, &request) != TG_OK ||
        judge_answer(judge, fd, &request, &why) != TG_OK)
        goto out;
    if (log_event(judge, &request, why) != TG_OK) {
        fprintf(stderr, "vehicle: the event log cannot be written; nothing "
                        "was done\n");
        goto out;
    }
    /* Whether the verdict arrives does not change what happened. */
    if (send_verdict(fd, &request, why) != TG_OK)
        fprintf(stderr, "vehicle: the key went away\n");
    printf("%s: %s\n", entitlements_name(request.action),
           why == REFUSAL_NONE ? deed(request.action) : refusal_text(why));
    fflush(stdout);
out:
    text_free(&request.nonce);
}

static int64_t
monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Signals come while it waits for keys; what is being done is finished. */
static void
hold_signals(sigset_t *waiting)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    sigprocmask(SIG_BLOCK, &held, waiting);
    sigdelset(waiting, SIGTERM);
    sigdelset(waiting, SIGINT);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* Wait for a key until `until_ms`, without end when there is no maker to ask.
 * Greater than 0: there is one. */
static int
wait_for_key(const struct judge *judge, int listening, int64_t until_ms,
             const sigset_t *waiting)
{
    struct pollfd key = {.fd = listening, .events = POLLIN};
    int64_t left_ms = until_ms - monotonic_ms();
    struct timespec left;

    if (left_ms < 0)
        left_ms = 0;
    left.tv_sec = left_ms / 1000;
    left.tv_nsec = left_ms % 1000 * 1000000;
    return ppoll(&key, 1, knowledge_has_maker(judge->knowledge) ? &left : NULL,
                 waiting);
}

/* One key at a time, as at a door handle. */
static enum tg_err
serve(const struct judge *judge, int listening, int64_t period_ms,
      const sigset_t *waiting)
{
    int64_t until_ms = monotonic_ms(); /* the first time at once */

    while (!ending) {
        int ready = wait_for_key(judge, listening, until_ms, waiting);
        int fd;

        if (ready == 0) {
            knowledge_sync(judge->knowledge);
            until_ms = monotonic_ms() + period_ms;
        }
        if (ready < 0 && errno != EINTR)
            return TG_E_IO;
        if (ready <= 0)
            continue;
        fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            serve_key(judge, fd);
            close(fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return TG_E_IO;
        }
    }
    return TG_OK;
}

enum tg_err
serving_run(const struct judge *judge, unsigned sync_seconds)
{
    char path[STATE_PATH_MAX];
    sigset_t waiting;
    enum tg_err err;
    int listening;

    hold_signals(&waiting);
    if ((err = state_path(judge->state, SERVING_SOCKET_FILE, path)) != TG_OK ||
        (err = line_listen(path, &listening)) != TG_OK)
        return err;
    printf("ready %s\n", path);
    fflush(stdout);
    err = serve(judge, listening, (int64_t)sync_seconds * 1000, &waiting);
    close(listening);
    unlink(path);
    return err;
}
