/* A device that waits, for wait_client_test.py.
 *
 *   wait_device WALLET RELAY CA SECONDS SHARE…
 *
 * Waits for one share with tg_share_wait(), for several with
 * tg_share_wait_any(). Prints "pause N" for each pause of N ms, which it takes
 * for passed; at the end the name of the result, and then the message or the
 * number of the share. What can be read from standard input stops it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tigress/tigress.h>

enum { SHARES_MAX = 8, TIMEOUT_MS = 1000, ARGS = 5 };

struct device {
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;
    struct tg_wallet *wallet;
    struct tg_share *shares[SHARES_MAX];
    size_t count;
};

static bool
tell_pause(void *self, int64_t pause_ms)
{
    (void)self;
    printf("pause %lld\n", (long long)pause_ms);
    fflush(stdout);
    return true;
}

static enum tg_err
open_all(struct device *d, int argc, char **argv)
{
    enum tg_err err;

    if ((err = tg_allow_list_new(&d->allowed)) != TG_OK ||
        (err = tg_allow_list_add(d->allowed, argv[2])) != TG_OK ||
        (err = tg_relay_client_new(d->allowed, &d->client)) != TG_OK ||
        (err = tg_relay_client_set_ca_file(d->client, argv[3])) != TG_OK ||
        (err = tg_wallet_open(argv[1], &d->wallet)) != TG_OK)
        return err;
    tg_relay_client_set_timeout_ms(d->client, TIMEOUT_MS);
    tg_relay_client_set_attempts(d->client, 1);
    tg_relay_client_set_pause(d->client, tell_pause, NULL);
    tg_relay_client_set_stop_fd(d->client, STDIN_FILENO);
    for (int i = ARGS; i < argc && d->count < SHARES_MAX; i++) {
        if ((err = tg_share_open(d->wallet, d->client,
                                 strtoll(argv[i], NULL, 10),
                                 &d->shares[d->count])) != TG_OK)
            return err;
        d->count++;
    }
    return TG_OK;
}

static void
close_all(struct device *d)
{
    for (size_t i = 0; i < d->count; i++)
        tg_share_close(d->shares[i]);
    tg_wallet_close(d->wallet);
    tg_relay_client_free(d->client);
    tg_allow_list_free(d->allowed);
}

static enum tg_err
wait_for_one(struct device *d, int64_t timeout_s)
{
    struct tg_provisioning *message;
    struct tg_span content;
    enum tg_err err = tg_share_wait(d->shares[0], timeout_s, &message);

    printf("%s\n", tg_err_name(err));
    if (err != TG_OK)
        return err;
    content = tg_provisioning_content(message);
    printf("%.*s\n", (int)content.len, (const char *)content.ptr);
    printf("%s\n", tg_share_has_push(d->shares[0]) ? "push" : "no push");
    tg_provisioning_free(message);
    return TG_OK;
}

static enum tg_err
wait_for_any(struct device *d, int64_t timeout_s)
{
    size_t which;
    enum tg_err err =
        tg_share_wait_any(d->shares, d->count, timeout_s, &which);

    printf("%s\n", tg_err_name(err));
    if (err == TG_OK)
        printf("%lld\n", (long long)tg_share_id(d->shares[which]));
    return err;
}

int
main(int argc, char **argv)
{
    struct device d = {.count = 0};
    enum tg_err err;

    if (argc <= ARGS)
        return 2;
    err = open_all(&d, argc, argv);
    if (err != TG_OK)
        printf("%s\n", tg_err_name(err));
    else if (d.count == 1)
        err = wait_for_one(&d, strtoll(argv[4], NULL, 10));
    else
        err = wait_for_any(&d, strtoll(argv[4], NULL, 10));
    if (err != TG_OK && d.client != NULL)
        printf("%s\n", tg_relay_client_reason(d.client));
    close_all(&d);
    return err == TG_OK ? 0 : 1;
}
