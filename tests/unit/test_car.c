/* The car sample's own knowledge: grants, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "show.h"
#include "state.h"

#define VIN       "WVWZZZ1JZXW000001"
#define OTHER_VIN "WVWZZZ1JZXW000002"

enum { HOUR = 3600, NOW = 1800000000 };

static struct grant
grant_of(const char *names, moment from, moment until)
{
    struct grant grant = {.not_before = from, .not_after = until};

    assert_true(grant_set_vehicle(VIN, &grant));
    assert_true(entitlements_parse(names, &grant.allowed));
    return grant;
}

static void
only_dates_that_exist_are_moments(void **state)
{
    static const char *const wrong[] = {
        "", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
        "2026-11-20T24:00:00Z", "2026-11-20T10:00:60Z",
        "2026-11-20 10:00:00Z", "2026-11-20T10:00:00", "2026-11-20T10:00:00z",
        "2026-11-20T10:00:00ZZ", "2026-1-20T10:00:00Z",
        "1969-12-31T23:59:59Z", "2026-11-20T-1:00:00Z",
    };
    char text[MOMENT_TEXT];
    moment when = -5;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(moment_parse(wrong[i], &when));
    assert_int_equal(when, -5);
    assert_true(moment_parse("2028-02-29T12:34:56Z", &when));
    moment_format(when, text);
    assert_string_equal(text, "2028-02-29T12:34:56Z");
}

static void
a_set_of_entitlements_has_one_text(void **state)
{
    static const char *const wrong[] = {"", ",", "unlock,", ",unlock", "fly",
                                        "unlock,unlock", "Unlock",
                                        "unlock start", "all,unlock"};
    char text[ENTITLEMENTS_TEXT];
    entitlements set = 99;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(entitlements_parse(wrong[i], &set));
    assert_int_equal(set, 99);
    assert_true(entitlements_parse("trunk,unlock,start", &set));
    entitlements_format(set, text);
    assert_string_equal(text, "unlock,start,trunk");
    assert_true(entitlements_parse("all", &set));
    entitlements_format(set, text);
    assert_string_equal(text, "unlock,lock,start,drive,trunk");
}

static void
a_grant_is_within_another_only_if_nothing_reaches_out(void **state)
{
    struct grant outer = grant_of("unlock,start", NOW, NOW + HOUR);
    struct grant same = outer;
    struct grant smaller = grant_of("start", NOW + 1, NOW + HOUR - 1);
    struct grant more = grant_of("unlock,trunk", NOW, NOW + HOUR);
    struct grant earlier = grant_of("unlock", NOW - 1, NOW + HOUR);
    struct grant later = grant_of("unlock", NOW, NOW + HOUR + 1);
    struct grant other = smaller;

    (void)state;
    outer.sharing = 1;
    assert_true(grant_set_vehicle(OTHER_VIN, &other));
    assert_true(grant_within(&same, &outer));
    assert_true(grant_within(&smaller, &outer));
    assert_false(grant_within(&more, &outer));
    assert_false(grant_within(&earlier, &outer));
    assert_false(grant_within(&later, &outer));
    assert_false(grant_within(&other, &outer));
}

/* Uses and sharing of an outer grant and of one that it may give, or not. */
static void
a_grant_gives_no_more_uses_and_a_generation_less(void **state)
{
    static const struct {
        int64_t outer, inner;
        bool within;
    } uses[] = {{0, 0, true},  {0, 1, true},  {0, 1000000, true},
                {5, 5, true},  {5, 1, true},  {5, 6, false},
                {5, 0, false}, {1, 0, false}, {1, 2, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        struct grant outer = grant_of("all", NOW, NOW + HOUR);
        struct grant inner = outer;

        outer.sharing = 1;
        outer.uses = uses[i].outer;
        inner.uses = uses[i].inner;
        assert_int_equal(grant_within(&inner, &outer), uses[i].within);
    }
    for (unsigned given = 0; given <= GRANT_SHARING_MAX; given++) {
        for (unsigned own = 0; own <= GRANT_SHARING_MAX; own++) {
            struct grant outer = grant_of("all", NOW, NOW + HOUR);
            struct grant inner = outer;

            outer.sharing = own;
            inner.sharing = given;
            assert_int_equal(grant_within(&inner, &outer), given < own);
        }
    }
}

static void
grants_that_differ_anywhere_are_not_equal(void **state)
{
    struct grant grant = grant_of("unlock", NOW, NOW + HOUR);
    struct grant other[6];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        other[i] = grant;
    assert_true(grant_equal(&grant, &other[0]));
    assert_true(grant_set_vehicle(OTHER_VIN, &other[0]));
    other[1].allowed ^= 1U << ENTITLEMENT_TRUNK;
    other[2].not_before--;
    other[3].not_after++;
    other[4].uses = 1;
    other[5].sharing = 1;
    for (size_t i = 0; i < 6; i++)
        assert_false(grant_equal(&grant, &other[i]));
}

static void
a_grant_is_shown_with_its_limits(void **state)
{
    static const struct {
        int64_t uses;
        unsigned sharing;
        const char *text;
        const char *json;
    } cases[] = {
        {0, 0, "", "\"sharing\":0"},
        {1, 0, ", once", "\"uses\":1,\"sharing\":0"},
        {20, 1, ", 20 times, may be lent on", "\"uses\":20,\"sharing\":1"},
        {0, 2, ", may be lent on, by a friend too", "\"sharing\":2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct grant grant = grant_of("unlock,start", NOW, NOW + HOUR);
        struct members *members = members_new();
        struct text json = TEXT_EMPTY;
        char shown[SHOW_GRANT_MAX];
        char expected[SHOW_GRANT_MAX];

        grant.uses = cases[i].uses;
        grant.sharing = cases[i].sharing;
        show_grant(&grant, shown);
        snprintf(expected, sizeof(expected),
                 "unlock,start for vehicle " VIN ", from 2027-01-15T08:00:00Z "
                 "until 2027-01-15T09:00:00Z%s",
                 cases[i].text);
        assert_string_equal(shown, expected);
        show_grant_members(&grant, members);
        assert_int_equal(members_format(members, &json), TG_OK);
        snprintf(expected, sizeof(expected),
                 "{\"vehicle\":\"" VIN "\",\"entitlements\":[\"unlock\","
                 "\"start\"],\"notBefore\":\"2027-01-15T08:00:00Z\","
                 "\"notAfter\":\"2027-01-15T09:00:00Z\",%s}",
                 cases[i].json);
        assert_string_equal(json.at, expected);
        text_free(&json);
        members_free(members);
    }
}

static void
only_vins_are_vehicles(void **state)
{
    (void)state;
    assert_true(grant_is_vin(VIN));
    assert_false(grant_is_vin(""));
    assert_false(grant_is_vin("WVWZZZ1JZXW00001"));
    assert_false(grant_is_vin("WVWZZZ1JZXW0000012"));
    assert_false(grant_is_vin("WVWZZZ1JZXW00000O"));
    assert_false(grant_is_vin("wvwzzz1jzxw000001"));
}

static void
base64_has_one_form(void **state)
{
    static const char *const wrong[] = {"A", "AB", "ABC", "AB==x", "AB=C",
                                        "AAB=", "A===", "====", "AA==AA==",
                                        "AA-_", " AAAA", "AAAA\n"};
    struct text out = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(text_from_base64(wrong[i], &out), TG_E_FORMAT);
    assert_int_equal(text_from_base64("AAE=", &out), TG_OK);
    assert_int_equal(out.len, 2);
    assert_memory_equal(out.at, "\0\1", 2);
    text_free(&out);
    assert_int_equal(text_from_base64("", &out), TG_OK);
    assert_int_equal(out.len, 0);
    text_free(&out);
}

static void
a_file_is_replaced_as_a_whole_and_is_private(void **state)
{
    char top[] = "/tmp/tigress-car-XXXXXX";
    char path[STATE_PATH_MAX];
    struct text got = TEXT_EMPTY;
    struct state directory;
    struct stat info;

    (void)state;
    assert_non_null(mkdtemp(top));
    assert_int_equal(state_open(top, true, &directory), TG_OK);
    assert_int_equal(state_read(&directory, "a", &got), TG_E_NOT_FOUND);
    /* What a run that was killed has left beside it does not matter. */
    assert_int_equal(state_write(&directory, "a.new", text_span_of("half")),
                     TG_OK);
    assert_int_equal(state_write(&directory, "a", text_span_of("one")), TG_OK);
    assert_int_equal(state_write(&directory, "a", text_span_of("two")), TG_OK);
    assert_int_equal(state_read(&directory, "a", &got), TG_OK);
    assert_string_equal(got.at, "two");
    assert_false(state_has(&directory, "a.new"));
    assert_int_equal(state_path(&directory, "a", path), TG_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(state_remove(&directory, "a"), TG_OK);
    assert_int_equal(state_remove(&directory, "a"), TG_OK);
    assert_int_equal(state_remove(&directory, "lock"), TG_OK);
    text_free(&got);
    state_close(&directory);
    assert_int_equal(rmdir(top), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_dates_that_exist_are_moments),
        cmocka_unit_test(a_set_of_entitlements_has_one_text),
        cmocka_unit_test(a_grant_is_within_another_only_if_nothing_reaches_out),
        cmocka_unit_test(a_grant_gives_no_more_uses_and_a_generation_less),
        cmocka_unit_test(grants_that_differ_anywhere_are_not_equal),
        cmocka_unit_test(a_grant_is_shown_with_its_limits),
        cmocka_unit_test(only_vins_are_vehicles),
        cmocka_unit_test(base64_has_one_form),
        cmocka_unit_test(a_file_is_replaced_as_a_whole_and_is_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
