/* See pg_kit.h. */
#include "pg_kit.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAITS = 1000, WAIT_US = 20000 };

static char words[512];
static unsigned word_count;

static void
complain(void *self, const char *text)
{
    (void)self;
    snprintf(words, sizeof(words), "%s", text);
    word_count++;
}

const char *
pg_kit_words(void)
{
    return words;
}

unsigned
pg_kit_word_count(void)
{
    return word_count;
}

void
pg_kit_forget_words(void)
{
    words[0] = 0;
    word_count = 0;
}

void
pg_kit_clear(void)
{
    /* A test that failed may have left a setting behind. */
    kit_sql("ALTER SYSTEM RESET ALL");
    kit_sql("SELECT pg_reload_conf()");
    kit_sql("DROP SCHEMA IF EXISTS tigress CASCADE");
    pg_kit_forget_words();
}

enum tg_err
pg_kit_open(struct kit *k, const char *uri, enum pg_durability durability)
{
    const struct pg_options options = {
        .uri = uri != NULL ? uri : kit_database(),
        .durability = durability,
        .complain = complain,
    };
    struct row_salt salt;

    memset(k, 0, sizeof(*k));
    return pg_store_open(&options, &k->store, &k->hours, &salt);
}

const char *
pg_kit_uri_of(const char *user)
{
    static char uri[256];
    const char *after = strchr(kit_database(), '@');

    assert_non_null(after);
    snprintf(uri, sizeof(uri), "postgresql://%s%s", user, after);
    return uri;
}

void
pg_kit_wait_until(const char *question)
{
    for (int i = 0; i < WAITS; i++) {
        if (strcmp(kit_sql(question), "t") == 0)
            return;
        usleep(WAIT_US);
    }
    fail_msg("this did not come true: %s", question);
}
