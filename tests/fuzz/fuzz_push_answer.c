/* Answers of push services: the first byte chooses the service, the second
 * the status, the rest is the body. No body makes a delivery of a failure, and
 * no token is dead but by the statuses that say so; an access token that is
 * taken can stand in a header. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/json.h"
#include "push/services.h"

enum { NOW = 1800000000 };

static const int statuses[] = {0,   200, 201, 204, 301, 400, 401, 403,
                               404, 405, 410, 413, 429, 500, 503, 600};

/* A service account with a key of its own, as a file. */
static void
write_account(char *path, size_t len)
{
    struct tg_json *json = tg_json_object();
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    struct tg_buf text = TG_BUF_EMPTY;
    int fd = memfd_create("account", 0);
    char *pem;
    long pem_len;

    FUZZ_CHECK(json != NULL && key != NULL && bio != NULL && fd >= 0);
    FUZZ_CHECK(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL,
                                             NULL) == 1);
    pem_len = BIO_get_mem_data(bio, &pem);
    FUZZ_CHECK(tg_json_set_text(json, "type",
                                TG_SPAN_LITERAL("service_account")) == TG_OK &&
               tg_json_set_text(json, "project_id",
                                TG_SPAN_LITERAL("p")) == TG_OK &&
               tg_json_set_text(json, "client_email",
                                TG_SPAN_LITERAL("e@x")) == TG_OK &&
               tg_json_set_text(json, "token_uri",
                                TG_SPAN_LITERAL("https://o.example/")) ==
                   TG_OK &&
               tg_json_set_text(json, "private_key",
                                (struct tg_span){(const uint8_t *)pem,
                                                 (size_t)pem_len}) == TG_OK &&
               tg_json_format(json, &text) == TG_OK);
    FUZZ_CHECK(write(fd, text.ptr, text.len) == (ssize_t)text.len);
    snprintf(path, len, "/proc/self/fd/%d", fd);
    tg_buf_free(&text);
    tg_json_free(json);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

/* APNs without topics needs no keys. Kept until the process ends. */
static struct push_service *
services(void)
{
    static struct push_service made[2];
    static struct push_config config;
    static char server[] = "https://fcm.example";
    static char path[40];
    struct config_problem problem = {0};

    if (made[0].judge != NULL)
        return made;
    write_account(path, sizeof(path));
    config.fcm_service_account = path;
    config.fcm_server = server;
    FUZZ_CHECK(apns_open(&config, &made[0], &problem) == TG_OK);
    FUZZ_CHECK(fcm_open(&config, &made[1], &problem) == TG_OK);
    return made;
}

static void
check_verdict(int status, enum push_verdict verdict)
{
    bool may_be_dead = status == 400 || status == 403 || status == 404 ||
                       status == 410;

    FUZZ_CHECK((verdict == PUSH_DELIVERED) == (status == 200));
    FUZZ_CHECK((verdict == PUSH_LATER) ==
               (status == 0 || status == 429 || status == 500 ||
                status == 503));
    FUZZ_CHECK(verdict != PUSH_TOKEN_DEAD || may_be_dead);
    FUZZ_CHECK(verdict != PUSH_NEW_CREDENTIAL || status == 401 ||
               status == 403);
    FUZZ_CHECK(verdict != PUSH_NEXT_ROUTE || status == 400);
}

static void
check_access(const struct push_service *fcm, const struct push_answer *answer,
             const struct doorbell *bell)
{
    struct push_post post = {0};
    enum tg_err err = fcm->take(fcm->self, answer, NOW);

    FUZZ_CHECK(err == TG_OK || err == TG_E_PROTOCOL || err == TG_E_REFUSED);
    FUZZ_CHECK(err != TG_OK || answer->status == 200);
    if (err == TG_OK) {
        FUZZ_CHECK(fcm->make(fcm->self, bell, 0, NOW, &post) == TG_OK);
        for (size_t i = 0; i < post.headers[0].len; i++)
            FUZZ_CHECK(post.headers[0].ptr[i] >= ' ' &&
                       post.headers[0].ptr[i] < 0x7f);
        push_post_free(&post);
        fcm->renew(fcm->self);
    }
    FUZZ_CHECK(fcm->make(fcm->self, bell, 0, NOW, &post) == TG_E_STATE);
    push_post_free(&post);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct doorbell bell = {.until = NOW,
                                  .type = TG_SPAN_LITERAL("type"),
                                  .data = TG_SPAN_LITERAL("data")};
    struct tg_span rest = {data, size};
    const struct push_service *service = &services()[fuzz_take_byte(&rest) % 2];
    struct push_answer answer = {
        .status = statuses[fuzz_take_byte(&rest) %
                           (sizeof(statuses) / sizeof(statuses[0]))],
        .retry_after = -1};

    answer.body = rest;
    check_verdict(answer.status,
                  service->judge(service->self, &bell, 0, &answer));
    if (service->take != NULL)
        check_access(service, &answer, &bell);
    return 0;
}
