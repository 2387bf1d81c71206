/* A device for tests: one call of libtigress for each run.
 *
 *   hostile_relay_device WALLET RELAY CA COMMAND [SHARE] < input
 *
 * Prints the name of the result, then what the call gives, a line each. With
 * DIE_AT=n in the environment the process kills itself with SIGKILL at its
 * n-th system call that could be seen from outside (a write to the file, a
 * sync, a packet): the functions at the end stand in front of the C library's.
 * LIFETIME is that of a create, by default an hour, and 0 for the relay's;
 * TOKEN is the type of its notification token; TOKENS are the types of the
 * device's, separated by spaces.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tigress/tigress.h>

enum { INPUT_MAX = 70000 };

struct device {
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;
    struct tg_wallet *wallet;
    struct tg_share *share;
    const char *relay;
    char input[INPUT_MAX + 1];
};

static struct tg_span
input_of(const struct device *d)
{
    return (struct tg_span){(const uint8_t *)d->input, strlen(d->input)};
}

static bool
dont_pause(void *self, int64_t pause_ms)
{
    (void)self;
    (void)pause_ms;
    return true;
}

/* The data of a token are its type once more: they are compared, not used. */
static enum tg_err
set_tokens(struct tg_wallet *wallet)
{
    const char *types = getenv("TOKENS");
    char text[256];
    char *rest = NULL;

    snprintf(text, sizeof(text), "%s", types != NULL ? types : "");
    for (char *type = strtok_r(text, " ", &rest); type != NULL;
         type = strtok_r(NULL, " ", &rest)) {
        enum tg_err err = tg_wallet_set_token(wallet, type, type);

        if (err != TG_OK)
            return err;
    }
    return TG_OK;
}

static enum tg_err
create(struct device *d)
{
    const char *lifetime = getenv("LIFETIME");
    const struct tg_share_offer offer = {
        .relay = d->relay,
        .title = "Key of the red car",
        .description = "From a test",
        .image_url = "https://images.example/key.png",
        .vertical = TG_VERTICAL_CAR,
        .access_rights = "RWD",
        .lifetime_s = lifetime != NULL ? strtoll(lifetime, NULL, 10) : 3600,
        .format = TG_FORMAT_CAR_KEY,
        .content = input_of(d),
        .token_type = getenv("TOKEN"),
        .token_data = getenv("TOKEN"),
    };

    return tg_share_create(d->wallet, d->client, &offer, &d->share);
}

static enum tg_err
accept_url(struct device *d)
{
    struct tg_share_url *url;
    enum tg_err err;

    if ((err = tg_share_url_parse(input_of(d), &url)) != TG_OK)
        return err;
    err = tg_share_accept(d->wallet, d->client, url, &d->share);
    tg_share_url_free(url);
    return err;
}

static enum tg_err
show_invitation(struct device *d)
{
    struct tg_buf url = TG_BUF_EMPTY;
    enum tg_err err = tg_share_invitation(d->share, &url);

    if (err == TG_OK)
        snprintf(d->input, sizeof(d->input), "%s", (const char *)url.ptr);
    tg_buf_free(&url);
    return err;
}

static enum tg_err
receive(struct device *d)
{
    struct tg_provisioning *message;
    struct tg_span content;
    enum tg_err err;

    if ((err = tg_share_receive(d->share, &message)) != TG_OK)
        return err;
    content = tg_provisioning_content(message);
    snprintf(d->input, sizeof(d->input), "%.*s", (int)content.len,
             (const char *)content.ptr);
    tg_provisioning_free(message);
    return TG_OK;
}

/* How a flow goes on after a restart: an answer that is on its way is
 * completed; one that was never begun is sent; otherwise it was sent. */
static enum tg_err
answer(struct device *d)
{
    enum tg_err err;

    if ((err = tg_share_resume(d->share)) != TG_OK)
        return err;
    if (!tg_share_has_message(d->share))
        return TG_OK;
    return tg_share_send(d->share, TG_FORMAT_CAR_KEY, input_of(d));
}

static enum tg_err
show(struct device *d)
{
    snprintf(d->input, sizeof(d->input), "%s %s %s %s",
             tg_share_state_name(tg_share_state(d->share)),
             tg_share_is_pending(d->share) ? "pending" : "settled",
             tg_share_has_message(d->share) ? "message" : "none",
             tg_share_title(d->share));
    return TG_OK;
}

static enum tg_err
call(struct device *d, const char *command)
{
    bool gives = strcmp(command, "invitation") == 0 ||
                 strcmp(command, "receive") == 0 ||
                 strcmp(command, "show") == 0;
    enum tg_err err = TG_E_UNKNOWN;

    if (strcmp(command, "invitation") == 0)
        err = show_invitation(d);
    else if (strcmp(command, "receive") == 0)
        err = receive(d);
    else if (strcmp(command, "show") == 0)
        err = show(d);
    else if (strcmp(command, "answer") == 0)
        err = answer(d);
    else if (strcmp(command, "send") == 0)
        err = tg_share_send(d->share, TG_FORMAT_CAR_KEY, input_of(d));
    else if (strcmp(command, "send-unknown") == 0)
        err = tg_share_send(d->share, "org.example.unheard", input_of(d));
    else if (strcmp(command, "resume") == 0)
        err = tg_share_resume(d->share);
    else if (strcmp(command, "handled") == 0)
        err = tg_share_handled(d->share);
    else if (strcmp(command, "finish") == 0)
        err = tg_share_finish(d->share);
    else if (strcmp(command, "cancel") == 0)
        err = tg_share_cancel(d->share);
    else if (strcmp(command, "relinquish") == 0)
        err = tg_share_relinquish(d->share);
    printf("%s\n", tg_err_name(err));
    if (err == TG_OK && gives)
        printf("%s\n", d->input);
    return err;
}

/* The commands that make a share rather than use one. */
static enum tg_err
begin(struct device *d, const char *command)
{
    enum tg_err err;

    err = strcmp(command, "create") == 0 ? create(d) : accept_url(d);
    printf("%s\n", tg_err_name(err));
    if (err == TG_OK)
        printf("%lld\n", (long long)tg_share_id(d->share));
    return err;
}

static enum tg_err
open_all(struct device *d, char **argv)
{
    enum tg_err err;

    d->relay = argv[2];
    if ((err = tg_allow_list_new(&d->allowed)) != TG_OK ||
        (err = tg_allow_list_add(d->allowed, d->relay)) != TG_OK ||
        (err = tg_relay_client_new(d->allowed, &d->client)) != TG_OK ||
        (err = tg_relay_client_set_ca_file(d->client, argv[3])) != TG_OK ||
        (err = tg_wallet_open(argv[1], &d->wallet)) != TG_OK ||
        (err = set_tokens(d->wallet)) != TG_OK)
        return err;
    tg_relay_client_set_timeout_ms(d->client, 3000);
    tg_relay_client_set_attempts(d->client, 2);
    tg_relay_client_set_pause(d->client, dont_pause, NULL);
    return TG_OK;
}

static void
close_all(struct device *d)
{
    tg_share_close(d->share);
    tg_wallet_close(d->wallet);
    tg_relay_client_free(d->client);
    tg_allow_list_free(d->allowed);
}

static long calls_left;

int
main(int argc, char **argv)
{
    static struct device d;
    enum tg_err err;

    if (argc < 5)
        return 2;
    d.input[fread(d.input, 1, INPUT_MAX, stdin)] = '\0';
    if (getenv("DIE_AT") != NULL)
        calls_left = strtol(getenv("DIE_AT"), NULL, 10);
    if ((err = open_all(&d, argv)) != TG_OK)
        printf("%s\n", tg_err_name(err));
    else if (argc == 5)
        err = begin(&d, argv[4]);
    else if ((err = tg_share_open(d.wallet, d.client,
                                  strtoll(argv[5], NULL, 10), &d.share)) !=
             TG_OK)
        printf("%s\n", tg_err_name(err));
    else
        err = call(&d, argv[4]);
    if (err != TG_OK && d.client != NULL)
        printf("%s\n", tg_relay_client_reason(d.client));
    calls_left = 0;
    close_all(&d);
    return err == TG_OK ? 0 : 1;
}

static void
count_call(void)
{
    if (calls_left > 0 && --calls_left == 0)
        kill(getpid(), SIGKILL);
}

#define VISIBLE __attribute__((visibility("default")))
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

VISIBLE int
fsync(int fd)
{
    count_call();
    return NEXT(fsync)(fd);
}

VISIBLE int
fdatasync(int fd)
{
    count_call();
    return NEXT(fdatasync)(fd);
}

VISIBLE int
unlink(const char *path)
{
    count_call();
    return NEXT(unlink)(path);
}

VISIBLE ssize_t
pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    count_call();
    return NEXT(pwrite64)(fd, bytes, len, at);
}

VISIBLE ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
    count_call();
    return NEXT(send)(fd, bytes, len, flags);
}

VISIBLE ssize_t
recv(int fd, void *bytes, size_t len, int flags)
{
    count_call();
    return NEXT(recv)(fd, bytes, len, flags);
}
