/* What relay/store.h promises, on every store: argv[1] names it. */
#include "relay/store.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_kit.h"

enum { NOW = 1000000000, LATER = NOW + 3600 };

static void
assert_text(const struct kit *k, unsigned key, const char *text)
{
    const char *found = kit_look(k, key);

    assert_non_null(found);
    assert_string_equal(found, text);
}

static uint64_t
rows_in(const struct kit *k)
{
    struct store_count count;

    assert_int_equal(k->store.count(k->store.self, &count), TG_OK);
    return count.rows;
}

/* ---- one operation ----------------------------------------------------- */

static void
a_row_that_was_put_is_found_with_its_expiry(void **state)
{
    struct kit k;
    struct kit_op put, get;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_false(put.found);
    kit_get(&get, 1);
    assert_int_equal(kit_do(&k, &get), TG_OK);
    assert_true(get.found);
    assert_int_equal(get.expires, LATER);
    assert_text(&k, 1, "one");
    assert_null(kit_look(&k, 2));
    assert_int_equal(rows_in(&k), 1);
    kit_end(&k);
}

static void
a_second_put_takes_the_place_of_the_first(void **state)
{
    struct kit k;
    struct kit_op put;
    size_t removed;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    kit_put(&put, 1, LATER + 60, "another, and longer");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    assert_true(put.found);
    assert_text(&k, 1, "another, and longer");
    assert_int_equal(rows_in(&k), 1);
    /* And it expires by its new second alone. */
    assert_int_equal(k.store.expire(k.store.self, LATER, 9, &removed), TG_OK);
    assert_int_equal(removed, 0);
    assert_int_equal(k.store.expire(k.store.self, LATER + 60, 9, &removed),
                     TG_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(rows_in(&k), 0);
    kit_end(&k);
}

static void
a_removed_row_is_gone_and_may_be_removed_again(void **state)
{
    struct kit k;
    struct kit_op put, del;

    (void)state;
    kit_begin(&k);
    kit_put(&put, 1, LATER, "one");
    assert_int_equal(kit_do(&k, &put), TG_OK);
    kit_remove(&del, 1);
    assert_int_equal(kit_do(&k, &del), TG_OK);
    assert_true(del.found);
    assert_null(kit_look(&k, 1));
    assert_int_equal(kit_do(&k, &del), TG_OK);
    assert_false(del.found);
    assert_int_equal(rows_in(&k), 0);
    kit_end(&k);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_was_put_is_found_with_its_expiry),
        cmocka_unit_test(a_second_put_takes_the_place_of_the_first),
        cmocka_unit_test(a_removed_row_is_gone_and_may_be_removed_again),
    };

    if (argc != 2 || !kit_choose(argv[1])) {
        fprintf(stderr, "usage: %s mem|lmdb\n", argv[0]);
        return EXIT_FAILURE;
    }
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
