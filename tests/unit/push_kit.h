/* What the tests of the push services share: files with keys, posts taken
 * apart, tokens verified. */
#ifndef UNIT_PUSH_KIT_H
#define UNIT_PUSH_KIT_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/json.h"
#include "key_kit.h"
#include "push/services.h"

enum { KIT_NOW = 1800000000, KIT_PATH_MOST = 200 };

struct kit_place {
    char directory[64];
    char path[KIT_PATH_MOST]; /* of the last file */
};

static inline void
kit_place_make(struct kit_place *place)
{
    snprintf(place->directory, sizeof(place->directory),
             "/tmp/tigress-push-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
}

static inline void
kit_place_remove(struct kit_place *place)
{
    DIR *directory = opendir(place->directory);
    const struct dirent *entry;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL)
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    assert_int_equal(rmdir(place->directory), 0);
}

/* Write a file; its path, for the caller to free(). */
static inline char *
kit_write(const struct kit_place *place, const char *name, struct tg_span text)
{
    char *path = malloc(KIT_PATH_MOST);
    FILE *file;

    assert_non_null(path);
    snprintf(path, KIT_PATH_MOST, "%s/%s", place->directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline char *
kit_write_key(const struct kit_place *place, const char *name,
              const EVP_PKEY *native)
{
    struct tg_buf pem = kit_pem(native, NULL);
    char *path = kit_write(place, name, tg_span_buf(&pem));

    tg_buf_free(&pem);
    return path;
}

static inline struct doorbell
kit_bell(const char *type, const char *data, tg_time_s until)
{
    return (struct doorbell){.until = until, .type = tg_span_text(type),
                             .data = tg_span_text(data)};
}

/* The value of a header that is there once. */
static inline const char *
kit_header(const struct push_post *post, const char *name)
{
    const char *found = NULL;
    size_t len = strlen(name);

    for (size_t i = 0; i < post->header_count; i++) {
        const char *text = (const char *)post->headers[i].ptr;

        assert_int_equal(strlen(text), post->headers[i].len);
        if (strncmp(text, name, len) == 0 && text[len] == ':') {
            assert_null(found);
            assert_int_equal(text[len + 1], ' ');
            found = text + len + 2;
        }
    }
    if (found == NULL)
        fail_msg("there is no header %s", name);
    return found;
}

static inline struct tg_json *
kit_decode_part(struct tg_span part)
{
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_json *json = NULL;

    assert_int_equal(tg_base64_decode_any(part, &text), TG_OK);
    assert_int_equal(tg_json_parse(tg_span_buf(&text), &json), TG_OK);
    tg_buf_free(&text);
    return json;
}

/* Take a JWT apart; its signature must be by this key. The caller frees both
 * with tg_json_free(). */
static inline void
kit_open_jwt(const char *token, EVP_PKEY *native, struct tg_json **header,
             struct tg_json **claims)
{
    const char *first = strchr(token, '.');
    const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
    struct tg_buf signature = TG_BUF_EMPTY;
    const uint8_t *bytes = (const uint8_t *)token;

    assert_non_null(second);
    assert_null(strchr(token, '='));
    *header = kit_decode_part((struct tg_span){bytes, (size_t)(first - token)});
    *claims = kit_decode_part((struct tg_span){
        (const uint8_t *)first + 1, (size_t)(second - first - 1)});
    assert_int_equal(tg_base64_decode_any(tg_span_text(second + 1),
                                          &signature),
                     TG_OK);
    assert_true(kit_is_signed(
        native, (struct tg_span){bytes, (size_t)(second - token)},
        tg_span_buf(&signature)));
    tg_buf_free(&signature);
}

static inline void
kit_check_text(const struct tg_json *object, const char *name,
               const char *expected)
{
    struct tg_span text;

    assert_true(tg_json_text(tg_json_member(object, name), &text));
    if (!tg_span_is(text, expected))
        fail_msg("%s is %.*s, not %s", name, (int)text.len,
                 (const char *)text.ptr, expected);
}

static inline int64_t
kit_integer(const struct tg_json *object, const char *name)
{
    int64_t value = 0;

    assert_true(tg_json_integer(tg_json_member(object, name), &value));
    return value;
}

/* What a service says to an answer with this status and body. */
static inline enum push_verdict
kit_judge(const struct push_service *service, const struct doorbell *bell,
          int status, const char *body)
{
    const struct push_answer answer = {
        .status = status, .body = tg_span_text(body), .retry_after = -1};

    return service->judge(service->self, bell, 0, &answer);
}

/* Make a post while the first, the second … allocation fails: it is told, and
 * then there is a whole post. */
static inline void
kit_fail_each_allocation(const struct push_service *service,
                         const struct doorbell *bell)
{
    enum tg_err err = TG_E_NOMEM;

    for (long calls = 0; err != TG_OK; calls++) {
        struct push_post post = {0};

        assert_true(calls < 200);
        tg_alloc_fail_after(calls);
        err = service->make(service->self, bell, 0, KIT_NOW, &post);
        tg_alloc_fail_after(-1);
        assert_true(err == TG_OK || err == TG_E_NOMEM);
        assert_true(err != TG_OK || post.url.len > 0);
        push_post_free(&post);
    }
}

/* It opens, or the problem is in the text. */
static inline void
kit_expect_problem(enum tg_err err, enum tg_err expected,
                   struct config_problem *problem, const char *word)
{
    assert_int_equal(err, expected);
    assert_true(problem->text.len > 0);
    if (strstr((const char *)problem->text.ptr, word) == NULL)
        fail_msg("no %s in: %s", word, (const char *)problem->text.ptr);
    tg_buf_free(&problem->text);
}

#endif
