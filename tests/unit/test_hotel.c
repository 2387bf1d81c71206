/* The hotel sample's own knowledge: stays, secrets, keys, invitations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "challenge.h"
#include "invitation.h"
#include "plan.h"
#include "room_key.h"

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ID     "0123456789abcdef0123456789abcdef"

enum { DAY = 86400, NOW = 1800000000 };

static struct stay
stay_of(const char *room, const char *doors, moment from, moment until)
{
    struct stay stay = {.not_before = from, .not_after = until};

    assert_true(stay_set_room(room, &stay));
    assert_true(stay_set_doors(doors, &stay));
    return stay;
}

static void
only_letters_digits_and_dashes_make_a_name(void **state)
{
    static const char *const wrong[] = {
        "", "a b", "a,b", "a\n", "\xc3\xa4", "a/b", "a_b", "a.b",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(stay_is_name(wrong[i]));
    assert_true(stay_is_name("204-B"));
    assert_true(stay_is_name("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void
a_set_of_doors_has_one_text(void **state)
{
    static const char *const wrong[] = {
        "", ",", "room,", ",room", "room,room", "room,,pool", "ro om",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"};
    struct stay stay = stay_of("204", "room", NOW, NOW + DAY);
    char text[STAY_DOORS_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(stay_set_doors(wrong[i], &stay));
    stay_format_doors(&stay, text);
    assert_string_equal(text, "room");
    assert_true(stay_set_doors("room,pool,Garage", &stay));
    stay_format_doors(&stay, text);
    assert_string_equal(text, "Garage,pool,room");
    assert_true(stay_set_doors("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p", &stay));
}

static void
a_stay_is_within_another_only_if_nothing_reaches_out(void **state)
{
    struct stay outer = stay_of("204", "room,pool", NOW, NOW + DAY);
    struct stay wrong[] = {
        stay_of("205", "room", NOW, NOW + DAY),
        stay_of("204", "room,sauna", NOW, NOW + DAY),
        stay_of("204", "room", NOW - 1, NOW + DAY),
        stay_of("204", "room", NOW, NOW + DAY + 1),
    };
    struct stay inner = stay_of("204", "pool", NOW + 1, NOW + DAY - 1);

    (void)state;
    assert_true(stay_within(&outer, &outer));
    assert_true(stay_within(&inner, &outer));
    assert_false(stay_within(&outer, &inner));
    assert_false(stay_equal(&inner, &outer));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(stay_within(&wrong[i], &outer));
}

static void
a_secret_has_one_text_and_32_bytes(void **state)
{
    static const char *const wrong[] = {
        "", "AAAA", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
        " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="};
    uint8_t hash[SECRET_HASH_LEN];
    uint8_t again[SECRET_HASH_LEN];
    struct text drawn = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(secret_hash(wrong[i], hash), TG_E_FORMAT);
    assert_int_equal(secret_hash(SECRET, hash), TG_OK);
    assert_int_equal(hash[0], 0x63); /* SHA-256 of 00 01 … 1f */
    assert_int_equal(secret_draw(&drawn), TG_OK);
    assert_int_equal(secret_hash(drawn.at, again), TG_OK);
    assert_false(secret_same(hash, again));
    assert_true(secret_same(hash, hash));
    text_free(&drawn);
}

static void
a_derived_secret_depends_on_secret_and_words(void **state)
{
    struct text same = TEXT_EMPTY;
    struct text again = TEXT_EMPTY;
    struct text other = TEXT_EMPTY;

    (void)state;
    assert_int_equal(secret_derive(SECRET, text_span_of("a"), &same), TG_OK);
    assert_int_equal(secret_derive(SECRET, text_span_of("a"), &again), TG_OK);
    assert_int_equal(secret_derive(SECRET, text_span_of("b"), &other), TG_OK);
    assert_string_equal(same.at, again.at);
    assert_string_not_equal(same.at, other.at);
    text_free(&other);
    text_free(&again);
    text_free(&same);
}

/* A statement for a fresh holder, signed by a fresh desk. */
struct issued {
    EVP_PKEY *desk, *holder;
    struct text statement, signature;
};

static struct issued
issue(void)
{
    struct issued issued = {.statement = TEXT_EMPTY};
    struct room_key key = {
        .serial = ID, .stay = stay_of("204", "room,pool", NOW, NOW + DAY)};

    assert_int_equal(device_key_make(&issued.desk), TG_OK);
    assert_int_equal(device_key_make(&issued.holder), TG_OK);
    key.holder = issued.holder;
    assert_int_equal(room_key_issue(&key, issued.desk, &issued.statement,
                                    &issued.signature),
                     TG_OK);
    return issued;
}

static void
issued_done(struct issued *issued)
{
    text_free(&issued->signature);
    text_free(&issued->statement);
    EVP_PKEY_free(issued->holder);
    EVP_PKEY_free(issued->desk);
}

static void
a_key_is_read_as_it_was_issued(void **state)
{
    struct issued issued = issue();
    struct stay stay = stay_of("204", "pool,room", NOW, NOW + DAY);
    struct room_key key;

    (void)state;
    assert_int_equal(room_key_verify(issued.statement.at, issued.signature.at,
                                     issued.desk),
                     REFUSAL_NONE);
    assert_int_equal(room_key_read(issued.statement.at, &key), TG_OK);
    assert_string_equal(key.serial, ID);
    assert_true(stay_equal(&key.stay, &stay));
    assert_int_equal(EVP_PKEY_eq(key.holder, issued.holder), 1);
    room_key_done(&key);
    issued_done(&issued);
}

static void
a_changed_statement_or_another_desk_is_refused(void **state)
{
    struct issued issued = issue();
    struct issued other = issue();

    (void)state;
    assert_int_equal(room_key_verify(issued.statement.at, issued.signature.at,
                                     other.desk),
                     REFUSAL_DESK);
    assert_int_equal(room_key_verify(other.statement.at, issued.signature.at,
                                     issued.desk),
                     REFUSAL_DESK);
    assert_int_equal(room_key_verify(issued.statement.at, "", issued.desk),
                     REFUSAL_DESK);
    for (size_t i = 0; i < issued.statement.len; i++) {
        issued.statement.at[i] ^= 1;
        assert_int_equal(room_key_verify(issued.statement.at,
                                         issued.signature.at, issued.desk),
                         REFUSAL_DESK);
        issued.statement.at[i] ^= 1;
    }
    issued_done(&other);
    issued_done(&issued);
}

static void
a_statement_has_one_form(void **state)
{
    struct issued issued = issue();
    struct room_key key;
    struct text text = TEXT_EMPTY;
    const char *right = issued.statement.at;

    (void)state;
    assert_int_equal(text_print(&text, "%s ", right), TG_OK);
    assert_int_equal(room_key_read(text.at, &key), TG_E_FORMAT);
    text_free(&text);
    assert_int_equal(text_print(&text, "{ %s", right + 1), TG_OK);
    assert_int_equal(room_key_read(text.at, &key), TG_E_FORMAT);
    text_free(&text);
    assert_int_equal(text_print(&text, "{\"more\":1,%s", right + 1), TG_OK);
    assert_int_equal(room_key_read(text.at, &key), TG_E_FORMAT);
    text_free(&text);
    assert_int_equal(room_key_read("{}", &key), TG_E_FORMAT);
    assert_int_equal(room_key_read("", &key), TG_E_FORMAT);
    issued_done(&issued);
}

static void
an_invitation_is_read_as_it_was_written(void **state)
{
    struct invitation wrote = {
        .desk = "https://desk.example", .name = "Weekend",
        .stay = stay_of("204", "room", NOW, NOW + DAY)};
    struct invitation read = {.token = TEXT_EMPTY};
    struct text json = TEXT_EMPTY;

    (void)state;
    assert_int_equal(text_copy(text_span_of(SECRET), &wrote.token), TG_OK);
    assert_int_equal(invitation_format(&wrote, &json), TG_OK);
    assert_int_equal(invitation_parse(text_span(&json), &read), TG_OK);
    assert_string_equal(read.desk, wrote.desk);
    assert_string_equal(read.name, wrote.name);
    assert_string_equal(read.token.at, SECRET);
    assert_true(stay_equal(&read.stay, &wrote.stay));
    text_free(&json);
    invitation_done(&read);
    invitation_done(&wrote);
}

#define STAY                                                       \
    "\"room\":\"204\",\"doors\":[\"room\"],"                       \
    "\"notBefore\":\"2026-11-20T14:00:00Z\","                      \
    "\"notAfter\":\"2026-11-22T10:00:00Z\""
#define MESSAGE(type, version, desk, name, stay, token)            \
    "{\"type\":\"" type "\",\"version\":" version ",\"desk\":" desk \
    ",\"name\":" name "," stay ",\"token\":" token "}"
#define URL  "\"https://desk.example\""
#define GOOD "\"" SECRET "\""

static void
what_is_no_invitation_is_told_apart(void **state)
{
    static const struct {
        const char *json;
        enum tg_err err;
    } cases[] = {
        {MESSAGE("HotelKeyToken", "1", URL, "\"W\"", STAY, GOOD), TG_OK},
        {MESSAGE("Other", "1", URL, "\"W\"", STAY, GOOD), TG_E_UNKNOWN},
        {MESSAGE("HotelKeyToken", "2", URL, "\"W\"", STAY, GOOD),
         TG_E_UNKNOWN},
        {MESSAGE("HotelKeyToken", "1", "5", "\"W\"", STAY, GOOD),
         TG_E_FORMAT},
        {MESSAGE("HotelKeyToken", "1", URL, "\"\"", STAY, GOOD), TG_E_FORMAT},
        {MESSAGE("HotelKeyToken", "1", URL, "\"a\\nb\"", STAY, GOOD),
         TG_E_FORMAT},
        {MESSAGE("HotelKeyToken", "1", URL, "\"W\"", "\"room\":\"204\"",
                 GOOD),
         TG_E_FORMAT},
        {MESSAGE("HotelKeyToken", "1", URL, "\"W\"", STAY, "\"AAAA\""),
         TG_E_FORMAT},
        {"{\"version\":1}", TG_E_FORMAT},
        {"[]", TG_E_FORMAT},
    };
    struct invitation read;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read = (struct invitation){.token = TEXT_EMPTY};
        assert_int_equal(
            invitation_parse(text_span_of(cases[i].json), &read),
            cases[i].err);
        invitation_done(&read);
    }
}

static void
a_plan_is_read_as_it_was_written_with_and_without_its_token(void **state)
{
    struct plan wrote = {.what = {.desk = "https://desk.example",
                                  .name = "Weekend",
                                  .stay = stay_of("204", "room", NOW,
                                                  NOW + DAY)},
                         .booking = "ABCDEFGH",
                         .request = ID};

    (void)state;
    assert_int_equal(text_copy(text_span_of(SECRET), &wrote.secret), TG_OK);
    for (int with_token = 0; with_token < 2; with_token++) {
        struct text json = TEXT_EMPTY;
        struct plan read;

        assert_int_equal(plan_format(&wrote, &json), TG_OK);
        assert_int_equal(plan_parse(text_span(&json), &read), TG_OK);
        assert_string_equal(read.booking, wrote.booking);
        assert_string_equal(read.request, ID);
        assert_string_equal(read.secret.at, SECRET);
        assert_true(stay_equal(&read.what.stay, &wrote.what.stay));
        assert_int_equal(read.what.token.at != NULL, with_token);
        plan_done(&read);
        text_free(&json);
        if (with_token == 0)
            assert_int_equal(text_copy(text_span_of(SECRET),
                                       &wrote.what.token),
                             TG_OK);
    }
    plan_done(&wrote);
}

static void
each_check_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        assert_int_equal(refusal_find(refusal_name((enum refusal)i)), i);
        assert_true(strlen(refusal_text((enum refusal)i)) > 9);
    }
    assert_int_equal(refusal_find("no such check"), REFUSAL_FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_letters_digits_and_dashes_make_a_name),
        cmocka_unit_test(a_set_of_doors_has_one_text),
        cmocka_unit_test(a_stay_is_within_another_only_if_nothing_reaches_out),
        cmocka_unit_test(a_secret_has_one_text_and_32_bytes),
        cmocka_unit_test(a_derived_secret_depends_on_secret_and_words),
        cmocka_unit_test(a_key_is_read_as_it_was_issued),
        cmocka_unit_test(a_changed_statement_or_another_desk_is_refused),
        cmocka_unit_test(a_statement_has_one_form),
        cmocka_unit_test(an_invitation_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_invitation_is_told_apart),
        cmocka_unit_test(
            a_plan_is_read_as_it_was_written_with_and_without_its_token),
        cmocka_unit_test(each_check_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
