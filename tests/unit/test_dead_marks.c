/* The table of dead tokens that workers share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nginx/dead_marks.h"

static struct dead_marks table;

static int
empty_it(void **state)
{
    (void)state;
    memset(&table, 0, sizeof(table));
    return 0;
}

/* The number-th mark of a set. */
static struct doorbell_mark
mark_in(uint64_t set, uint64_t number)
{
    struct doorbell_mark mark;
    const uint64_t halves[] = {set, number};

    memcpy(mark.bytes, halves, sizeof(mark.bytes));
    return mark;
}

static bool
has(uint64_t set, uint64_t number)
{
    const struct doorbell_mark mark = mark_in(set, number);

    return dead_marks_has(&table, &mark);
}

static void
add(uint64_t set, uint64_t number)
{
    const struct doorbell_mark mark = mark_in(set, number);

    dead_marks_add(&table, &mark);
}

/* R-PUSH-3 */
static void
what_was_added_is_found_until_it_is_removed(void **state)
{
    const struct doorbell_mark mark = mark_in(7, 1);

    (void)state;
    assert_false(dead_marks_any(&table));
    assert_false(has(7, 1));
    assert_false(has(0, 0));
    add(7, 1);
    assert_true(dead_marks_any(&table));
    assert_true(has(7, 1));
    assert_false(has(7, 2));
    assert_false(has(8, 1));
    dead_marks_remove(&table, &mark);
    assert_false(has(7, 1));
    dead_marks_remove(&table, &mark);
}

/* Every bit of a mark counts. */
static void
a_mark_that_differs_in_any_bit_is_another(void **state)
{
    const struct doorbell_mark mark = mark_in(3, 4);

    (void)state;
    dead_marks_add(&table, &mark);
    for (size_t bit = 0; bit < 8 * sizeof(mark.bytes); bit++) {
        struct doorbell_mark other = mark;

        other.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(dead_marks_has(&table, &other));
    }
}

static void
a_mark_added_twice_takes_one_place(void **state)
{
    const struct doorbell_mark mark = mark_in(5, 1);

    (void)state;
    add(5, 1);
    for (uint64_t i = 0; i < DEAD_MARKS_WAYS; i++)
        add(5, 1);
    for (uint64_t i = 2; i <= DEAD_MARKS_WAYS; i++)
        add(5, i);
    for (uint64_t i = 1; i <= DEAD_MARKS_WAYS; i++)
        assert_true(has(5, i));
    dead_marks_remove(&table, &mark);
    assert_false(has(5, 1));
}

static void
a_full_set_makes_room_by_its_oldest_and_others_stay_as_they_are(void **state)
{
    (void)state;
    add(10, 1);
    for (uint64_t i = 1; i <= DEAD_MARKS_WAYS + 1; i++)
        add(9, i);
    assert_false(has(9, 1));
    for (uint64_t i = 2; i <= DEAD_MARKS_WAYS + 1; i++)
        assert_true(has(9, i));
    assert_true(has(10, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_added_is_found_until_it_is_removed,
                               empty_it),
        cmocka_unit_test_setup(a_mark_that_differs_in_any_bit_is_another,
                               empty_it),
        cmocka_unit_test_setup(a_mark_added_twice_takes_one_place, empty_it),
        cmocka_unit_test_setup(
            a_full_set_makes_room_by_its_oldest_and_others_stay_as_they_are,
            empty_it),
    };

    return cmocka_run_group_tests_name("dead_marks", tests, NULL, NULL);
}
