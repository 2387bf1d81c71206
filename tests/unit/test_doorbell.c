/* What the relay and tigress-push say to each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doorbell/doorbell.h"

enum { MINUTE_S = 60, NOON = 1000000020 }; /* a whole minute */

static uint8_t many[DOORBELL_DATA_MOST + 1];

static struct doorbell
some_bell(void)
{
    return (struct doorbell){NOON, tg_span_text("com.apple.apns"),
                             tg_span_text("00fc13ad")};
}

static void
assert_ring_refused(const struct doorbell *bell)
{
    struct tg_buf packet = {0};

    assert_int_equal(doorbell_write_ring(bell, &packet), TG_E_LIMIT);
    assert_int_equal(packet.len, 0);
    tg_buf_free(&packet);
}

static void
a_ring_comes_through(void **state)
{
    const struct doorbell bell = some_bell();
    struct tg_buf packet = {0};
    struct doorbell read;

    (void)state;
    assert_int_equal(doorbell_write_ring(&bell, &packet), TG_OK);
    assert_int_equal(doorbell_read_ring(tg_span_buf(&packet), &read), TG_OK);
    assert_int_equal(read.until, NOON);
    assert_true(tg_span_equal(read.type, bell.type));
    assert_true(tg_span_equal(read.data, bell.data));
    tg_buf_free(&packet);
}

static void
the_largest_ring_fits_into_a_packet(void **state)
{
    const struct doorbell bell = {NOON, {many, DOORBELL_TYPE_MOST},
                                  {many, DOORBELL_DATA_MOST}};
    struct tg_buf packet = {0};
    struct doorbell read;

    (void)state;
    assert_int_equal(doorbell_write_ring(&bell, &packet), TG_OK);
    assert_int_equal(packet.len, DOORBELL_PACKET_MOST);
    assert_int_equal(doorbell_read_ring(tg_span_buf(&packet), &read), TG_OK);
    assert_int_equal(read.data.len, DOORBELL_DATA_MOST);
    tg_buf_free(&packet);
}

/* So that nobody can tell mailboxes apart by their seconds. */
static void
the_end_is_told_to_the_minute(void **state)
{
    struct doorbell bell = some_bell();
    struct tg_buf packet = {0};
    struct doorbell read;

    (void)state;
    bell.until = NOON - 59;
    assert_int_equal(doorbell_write_ring(&bell, &packet), TG_OK);
    assert_int_equal(doorbell_read_ring(tg_span_buf(&packet), &read), TG_OK);
    assert_int_equal(read.until, NOON);
    tg_buf_free(&packet);
}

static void
what_is_no_token_is_not_rung(void **state)
{
    struct doorbell bell = some_bell();

    (void)state;
    bell.type.len = 0;
    assert_ring_refused(&bell);
    bell.type = (struct tg_span){many, DOORBELL_TYPE_MOST + 1};
    assert_ring_refused(&bell);
    bell = some_bell();
    bell.data.len = 0;
    assert_ring_refused(&bell);
    bell.data = (struct tg_span){many, DOORBELL_DATA_MOST + 1};
    assert_ring_refused(&bell);
    bell = some_bell();
    bell.until = -1;
    assert_ring_refused(&bell);
    bell.until = INT64_MAX;
    assert_ring_refused(&bell);
}

static void
a_ring_that_is_cut_short_or_too_long_is_refused(void **state)
{
    const struct doorbell bell = some_bell();
    struct tg_buf packet = {0};
    struct doorbell read;

    (void)state;
    assert_int_equal(doorbell_write_ring(&bell, &packet), TG_OK);
    for (size_t len = 0; len < packet.len; len++)
        assert_int_equal(
            doorbell_read_ring((struct tg_span){packet.ptr, len}, &read),
            TG_E_FORMAT);
    assert_int_equal(tg_buf_byte(&packet, 0), TG_OK);
    assert_int_equal(doorbell_read_ring(tg_span_buf(&packet), &read),
                     TG_E_FORMAT);
    tg_buf_free(&packet);
}

static void
a_ring_with_a_wrong_time_is_refused(void **state)
{
    const struct doorbell bell = some_bell();
    struct tg_buf packet = {0};
    struct doorbell read;

    (void)state;
    assert_int_equal(doorbell_write_ring(&bell, &packet), TG_OK);
    packet.ptr[1] = 0xff;
    assert_int_equal(doorbell_read_ring(tg_span_buf(&packet), &read),
                     TG_E_LIMIT);
    tg_buf_free(&packet);
}

static void
a_dead_token_comes_through(void **state)
{
    const struct doorbell_mark mark = {"fifteen letters"};
    struct tg_buf packet = {0};
    struct doorbell_mark read;
    struct doorbell ring;

    (void)state;
    assert_int_equal(doorbell_write_dead(&mark, &packet), TG_OK);
    assert_int_equal(doorbell_read_dead(tg_span_buf(&packet), &read), TG_OK);
    assert_memory_equal(read.bytes, mark.bytes, sizeof(mark.bytes));
    assert_int_equal(doorbell_read_ring(tg_span_buf(&packet), &ring),
                     TG_E_FORMAT);
    packet.len--;
    assert_int_equal(doorbell_read_dead(tg_span_buf(&packet), &read),
                     TG_E_FORMAT);
    tg_buf_free(&packet);
}

static void
marks_tell_tokens_apart(void **state)
{
    struct doorbell_mark one, other;

    (void)state;
    assert_int_equal(doorbell_mark(tg_span_text("ab"), tg_span_text("c"),
                                   &one), TG_OK);
    assert_int_equal(doorbell_mark(tg_span_text("a"), tg_span_text("bc"),
                                   &other), TG_OK);
    assert_memory_not_equal(one.bytes, other.bytes, sizeof(one.bytes));
    assert_int_equal(doorbell_mark(tg_span_text("ab"), tg_span_text("c"),
                                   &other), TG_OK);
    assert_memory_equal(one.bytes, other.bytes, sizeof(one.bytes));
    assert_int_equal(doorbell_mark((struct tg_span){many, 2},
                                   tg_span_text("c"), &other), TG_E_FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_comes_through),
        cmocka_unit_test(the_largest_ring_fits_into_a_packet),
        cmocka_unit_test(the_end_is_told_to_the_minute),
        cmocka_unit_test(what_is_no_token_is_not_rung),
        cmocka_unit_test(a_ring_that_is_cut_short_or_too_long_is_refused),
        cmocka_unit_test(a_ring_with_a_wrong_time_is_refused),
        cmocka_unit_test(a_dead_token_comes_through),
        cmocka_unit_test(marks_tell_tokens_apart),
    };

    return cmocka_run_group_tests_name("doorbell", tests, NULL, NULL);
}
