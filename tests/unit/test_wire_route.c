/* Method and path → call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_kit.h"

#define MAILBOX "/v1/m/" ID_SENT

static const char allow_mailboxes[] = "POST";
static const char allow_mailbox[] = "GET, HEAD, POST, PUT, DELETE, PATCH";

static struct wire_problem
route(const char *method, const char *path, struct wire_route *out)
{
    return wire_route(tg_span_text(method), tg_span_text(path), out);
}

/* R-HTTP-1 */
static void
each_call_is_found_by_its_method_and_path(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        enum wire_call call;
    } cases[] = {
        {"POST", "/v1/m", CALL_CREATE},      {"GET", MAILBOX, CALL_DISPLAY},
        {"HEAD", MAILBOX, CALL_DISPLAY},     {"POST", MAILBOX, CALL_READ},
        {"PUT", MAILBOX, CALL_UPDATE},       {"DELETE", MAILBOX, CALL_DELETE},
        {"PATCH", MAILBOX, CALL_RELINQUISH},
    };
    struct tg_uuid id = kit_uuid(ID_WRITTEN);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_route out;

        assert_int_equal(route(cases[i].method, cases[i].path, &out).refusal,
                         WIRE_FINE);
        assert_int_equal(out.call, cases[i].call);
        if (cases[i].call != CALL_CREATE)
            assert_true(tg_uuid_equal(&out.mailbox.uuid, &id));
    }
}

static void
what_is_about_no_mailbox_has_paths_of_its_own(void **state)
{
    static const struct {
        const char *path;
        enum wire_document document;
    } cases[] = {
        {"/v1/picture/general.png", DOCUMENT_PICTURE_GENERAL},
        {"/v1/picture/home.png", DOCUMENT_PICTURE_HOME},
        {"/v1/picture/car.png", DOCUMENT_PICTURE_CAR},
        {"/.well-known/tigress", DOCUMENT_DISCOVERY},
        {"/.well-known/apple-app-site-association", DOCUMENT_APPLE_APPS},
        {"/.well-known/assetlinks.json", DOCUMENT_ANDROID_APPS},
    };
    struct wire_route out;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(route("GET", cases[i].path, &out).refusal, WIRE_FINE);
        assert_int_equal(out.call, CALL_DOCUMENT);
        assert_int_equal(out.document, cases[i].document);
        assert_int_equal(route("HEAD", cases[i].path, &out).refusal,
                         WIRE_FINE);
        assert_int_equal(route("POST", cases[i].path, &out).refusal,
                         WIRE_METHOD_NOT_ALLOWED);
        assert_string_equal(out.allow, "GET, HEAD");
    }
    assert_int_equal(route("GET", "/v1/picture/boat.png", &out).refusal,
                     WIRE_NOT_FOUND);
    assert_int_equal(route("GET", "/v1/picture/", &out).refusal,
                     WIRE_NOT_FOUND);
}

/* R-HTTP-1 */
static void
another_method_on_a_known_path_is_refused_and_told_which_there_are(
    void **state)
{
    static const struct {
        const char *method;
        const char *path;
        const char *allow;
    } cases[] = {
        {"GET", "/v1/m", allow_mailboxes},
        {"HEAD", "/v1/m", allow_mailboxes},
        {"PUT", "/v1/m", allow_mailboxes},
        {"DELETE", "/v1/m", allow_mailboxes},
        {"PATCH", "/v1/m", allow_mailboxes},
        {"OPTIONS", "/v1/m", allow_mailboxes},
        {"post", "/v1/m", allow_mailboxes},
        {"", "/v1/m", allow_mailboxes},
        {"OPTIONS", MAILBOX, allow_mailbox},
        {"TRACE", MAILBOX, allow_mailbox},
        {"get", MAILBOX, allow_mailbox},
        {"GETS", MAILBOX, allow_mailbox},
        {"PROPFIND", "/v1/m/no-uuid", allow_mailbox},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_route out;

        assert_int_equal(route(cases[i].method, cases[i].path, &out).refusal,
                         WIRE_METHOD_NOT_ALLOWED);
        assert_string_equal(out.allow, cases[i].allow);
    }
}

/* R-HTTP-1 */
static void
other_paths_and_versions_are_not_found_by_any_method(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "OPTIONS"};
    static const char *const paths[] = {
        "",
        "/",
        "/v1",
        "/v1/",
        "/v1/m/",
        "/v1/m//",
        "/v1/M",
        "/V1/m",
        "/v2/m",
        "/v1/mm",
        "/v1/m" ID_SENT,
        "v1/m",
        "//v1/m",
        "/v2/m/" ID_SENT,
        MAILBOX "/",
        MAILBOX "/x",
        "/v1/m//" ID_SENT,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        for (size_t j = 0; j < COUNT(methods); j++) {
            struct wire_route out;

            assert_int_equal(route(methods[j], paths[i], &out).refusal,
                             WIRE_NOT_FOUND);
            /* Who follows a link that is not complete gets a page. */
            assert_int_equal(out.call == CALL_DISPLAY,
                             j == 0 && strncmp(paths[i], "/v1/m/", 6) == 0);
        }
    }
}

/* §4: an identifier that is not a UUID is a mailbox that never existed. */
static void
an_identifier_that_is_no_uuid_is_no_mailbox_and_the_call_is_known(
    void **state)
{
    static const char *const paths[] = {
        "/v1/m/x",
        "/v1/m/00000000-0000-0000-0000-000000000000",
        MAILBOX "0",
        "/v1/m/f81d4fae7dec41d0a76500a0c91e6bf6",
        "/v1/m/ " ID_SENT,
        MAILBOX "?v=c", /* the query is cut off before */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct wire_route out;

        assert_int_equal(route("GET", paths[i], &out).refusal,
                         WIRE_NO_SUCH_MAILBOX);
        assert_int_equal(out.call, CALL_DISPLAY);
        assert_int_equal(route("DELETE", paths[i], &out).refusal,
                         WIRE_NO_SUCH_MAILBOX);
        assert_int_equal(out.call, CALL_DELETE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_is_found_by_its_method_and_path),
        cmocka_unit_test(what_is_about_no_mailbox_has_paths_of_its_own),
        cmocka_unit_test(
            another_method_on_a_known_path_is_refused_and_told_which_there_are),
        cmocka_unit_test(other_paths_and_versions_are_not_found_by_any_method),
        cmocka_unit_test(
            an_identifier_that_is_no_uuid_is_no_mailbox_and_the_call_is_known),
    };

    return cmocka_run_group_tests_name("wire_route", tests, NULL, NULL);
}
