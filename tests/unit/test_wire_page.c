/* The preview page, and the page of a mailbox that is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "crypto/hash.h"
#include "wire_page_kit.h"

/* R-PRE-2 */
static void
the_preview_has_opengraph_for_messengers_and_words_for_people(void **state)
{
    struct wire_answer out =
        preview(&open_site, "Anna's car", "Drive it on Sunday",
                "https://img.example/k.png?a=1&b=2");

    (void)state;
    assert_int_equal(out.status, 200);
    kit_header_is(&out, "Content-Type", "text/html; charset=utf-8");
    assert_has(&out, "<!DOCTYPE html>\n<html lang=\"en\">");
    assert_has(&out, "<meta charset=\"utf-8\">");
    assert_has(&out, "<meta name=\"format-detection\" content=\"telephone=no,");
    assert_has(&out, "<title>Anna&#39;s car</title>");
    assert_has(&out,
               "<meta property=\"og:title\" content=\"Anna&#39;s car\">");
    assert_has(&out, "<meta property=\"og:description\" content=\"Drive it on "
                     "Sunday\">");
    assert_has(&out, "<meta property=\"og:image\" content=\"https://"
                     "img.example/k.png?a=1&amp;b=2\">");
    assert_has(&out, "<meta property=\"og:type\" content=\"website\">");
    assert_has(&out, "<meta property=\"og:image:alt\" content=\"Anna&#39;s "
                     "car\">");
    assert_has(&out, "<meta name=\"twitter:card\" content=\"summary_large_"
                     "image\">");
    assert_has(&out, "<p dir=\"auto\" lang=\"\">Drive it on Sunday</p>");
    assert_has(&out, "<meta property=\"og:url\" content=\"https://"
                     "relay.example/v1/m/" ID_WRITTEN "\">");
    assert_has(&out, "<h1 dir=\"auto\" lang=\"\">Anna&#39;s car</h1>");
    assert_has(&out, "<time datetime=\"2022-02-08T14:57:22Z\">8 February "
                     "2022, 14:57 UTC</time>");
    wire_answer_done(&out);
}

/* §13: such titles are refused now, and were not by every version. */
static void
a_title_with_nothing_to_see_gives_way_to_the_kind(void **state)
{
    static const struct wire_reader german = {LANGUAGE_GERMAN, VERTICAL_CAR};
    struct wire_answer out = preview_for(&german, &open_site,
                                         "\xe2\x80\x8b \xe3\x85\xa4", "d",
                                         "https://img.example/");

    (void)state;
    assert_has(&out, "<title>Autoschlüssel</title>");
    assert_has(&out, "og:title\" content=\"Autoschlüssel\">");
    assert_has(&out, "<h1>Autoschlüssel</h1>");
    assert_has_not(&out, "class=\"kind\"");
    wire_answer_done(&out);
}

/* R-PRE-3 */
static void
the_pages_have_no_script_link_or_form_and_headers_that_forbid_them(
    void **state)
{
    static const char *const absent[] = {
        "<script", "<a ", "<link", "<form", "<iframe", "<object",
        "javascript:", " onerror=", " onload=", " style=",
    };
    struct wire_problem gone = {WIRE_NO_SUCH_MAILBOX, NULL, NULL};
    struct wire_answer pages[2] = {
        preview_of_image(&open_site, "https://img.example/")};

    (void)state;
    assert_int_equal(wire_refuse(gone, NULL, NULL, &english, &pages[1]), TG_OK);
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct tg_span policy = kit_find(&pages[i], "Content-Security-Policy");

        kit_header_is(&pages[i], "Referrer-Policy", "no-referrer");
        kit_header_is(&pages[i], "X-Content-Type-Options", "nosniff");
        kit_header_is(&pages[i], "X-Frame-Options", "DENY");
        kit_header_is(&pages[i], "X-Robots-Tag", "noindex");
        kit_header_is(&pages[i], "Cache-Control", "no-store, no-transform");
        assert_true(kit_has(policy, "default-src 'none'; style-src 'sha256-"));
        assert_true(kit_has(policy, "; base-uri 'none'"));
        assert_true(kit_has(policy, "; form-action 'none'"));
        assert_true(kit_has(policy, "; frame-ancestors 'none'"));
        assert_false(kit_has(policy, "unsafe"));
        assert_false(kit_has(policy, "script"));
        for (size_t j = 0; j < COUNT(absent); j++)
            assert_has_not(&pages[i], absent[j]);
        wire_answer_done(&pages[i]);
    }
}

/* R-PRE-3: the policy names the very style that the page has. */
static void
the_style_has_the_hash_that_the_policy_names(void **state)
{
    struct wire_answer out =
        preview_of_image(&open_site, "https://img.example/");
    struct tg_span style = page_style();
    struct tg_buf source = TG_BUF_EMPTY;
    struct tg_buf element = TG_BUF_EMPTY;
    uint8_t digest[SHA256_LEN];

    (void)state;
    assert_int_equal(hash_sha256(&style, 1, digest), TG_OK);
    assert_int_equal(tg_buf_text(&source, "style-src 'sha256-"), TG_OK);
    assert_int_equal(tg_base64_encode(TG_SPAN_ARRAY(digest), &source), TG_OK);
    assert_int_equal(tg_buf_text(&source, "';"), TG_OK);
    assert_int_equal(tg_buf_terminate(&source), TG_OK);
    if (!kit_has(kit_find(&out, "Content-Security-Policy"),
                 (const char *)source.ptr))
        fail_msg("PAGE_STYLE_HASH must be: %s", (const char *)source.ptr);
    assert_int_equal(tg_buf_text(&element, "<style>"), TG_OK);
    assert_int_equal(tg_buf_append(&element, style), TG_OK);
    assert_int_equal(tg_buf_text(&element, "</style>"), TG_OK);
    assert_int_equal(tg_buf_terminate(&element), TG_OK);
    assert_has(&out, (const char *)element.ptr);
    assert_false(kit_has(style, "<"));
    tg_buf_free(&source);
    tg_buf_free(&element);
    wire_answer_done(&out);
}

/* R-PRE-3 */
static void
a_hostile_text_stays_text(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"</title><script>alert(1)</script>",
         "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\"><img src=x onerror=alert(1)>",
         "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"},
        {"' onload='x", "&#39; onload=&#39;x"},
        {"&lt;b&gt; &amp &#60;", "&amp;lt;b&amp;gt; &amp;amp &amp;#60;"},
        {"<!--", "&lt;!--"},
        {"]]>", "]]&gt;"},
        {"\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91"},
    };
    struct wire_answer plain =
        preview_of_image(&open_site, "https://i.example");

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview(&open_site, cases[i].text,
                                         cases[i].text, "https://i.example");
        struct tg_span body = tg_span_buf(&out.body);

        assert_int_equal(kit_occurrences(body, cases[i].shown), 6);
        assert_int_equal(kit_occurrences(body, "<"),
                         kit_occurrences(tg_span_buf(&plain.body), "<"));
        assert_int_equal(kit_occurrences(body, "\""),
                         kit_occurrences(tg_span_buf(&plain.body), "\""));
        wire_answer_done(&out);
    }
    wire_answer_done(&plain);
}

static void
the_largest_texts_are_written_with_two_allocations(void **state)
{
    char text[4 * LIMIT_DESCRIPTION_CHARACTERS + 1];
    char url[LIMIT_IMAGE_URL + 1];
    struct wire_answer out;

    (void)state;
    memset(text, '"', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memset(url, ';', sizeof(url) - 1);
    memcpy(url, "https://img.example/", 20);
    url[sizeof(url) - 1] = '\0';
    tg_alloc_fail_after(2);
    out = preview(&open_site, text, text, url);
    tg_alloc_fail_after(-1);
    assert_true(kit_find(&out, "Content-Security-Policy").len > 6000);
    wire_answer_done(&out);
}

/* R-PRE-4 */
static void
who_comes_too_late_is_told_so_on_a_page_and_programs_by_a_document(
    void **state)
{
    struct wire_problem gone = {WIRE_NO_SUCH_MAILBOX, NULL, NULL};
    struct wire_problem busy = {WIRE_TOO_MANY, NULL, NULL};
    struct wire_ids ids = {.has_request_id = true,
                           .request_id = {kit_uuid(ID_SENT)}};
    struct wire_answer out;

    (void)state;
    assert_int_equal(wire_refuse(gone, &ids, NULL, &english, &out), TG_OK);
    assert_int_equal(out.status, 404);
    kit_header_is(&out, "Content-Type", "text/html; charset=utf-8");
    kit_header_is(&out, "Mailbox-Request-ID", ID_WRITTEN);
    assert_has(&out, "<h1>This offer is no longer available</h1>");
    assert_has_not(&out, ID_WRITTEN);
    wire_answer_done(&out);
    assert_int_equal(wire_refuse(gone, &ids, NULL, NULL, &out), TG_OK);
    kit_header_is(&out, "Content-Type", "application/problem+json");
    wire_answer_done(&out);
    assert_int_equal(wire_refuse(busy, &ids, NULL, &english, &out), TG_OK);
    assert_int_equal(out.status, 429);
    kit_header_is(&out, "Content-Type", "application/problem+json");
    wire_answer_done(&out);
}

/* Every page has all its words in every language, for every vertical. */
static void
the_page_speaks_the_languages_and_names_the_vertical(void **state)
{
    static const struct {
        struct wire_reader reader;
        const char *language, *kind, *until;
    } cases[] = {
        {{LANGUAGE_ENGLISH, VERTICAL_CAR}, "en", "Car key",
         ">8 February 2022, 14:57 UTC</time>."},
        {{LANGUAGE_ENGLISH, VERTICAL_HOME}, "en", "Key to a home", "UTC<"},
        {{LANGUAGE_GERMAN, VERTICAL_CAR}, "de", "Autoschlüssel",
         ">8. Februar 2022, 14:57 Uhr (UTC)</time>, annehmen."},
        {{LANGUAGE_GERMAN, VERTICAL_GENERAL}, "de", "Digitaler", "Uhr"},
        {{LANGUAGE_SPANISH, VERTICAL_CAR}, "es", "Llave de un coche",
         ">8 de febrero de 2022, 14:57 UTC</time>."},
        {{LANGUAGE_SPANISH, VERTICAL_HOME}, "es", "Llave de una casa", "UTC"},
    };
    /* What is there and what is gone are called by one word. */
    static const char *const offers[] = {"offer", "Angebot", "oferta"};
    /* For who reads it on the phone, where no app has come. */
    static const char *const nothing[] = {"<p>Does nothing happen? You need",
                                          "<p>Es passiert nichts? Sie brauchen",
                                          "<p>¿No pasa nada? Necesita"};
    struct wire_problem gone = {WIRE_NO_SUCH_MAILBOX, NULL, NULL};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview_for(&cases[i].reader, &open_site, "t",
                                             "d", "https://img.example/");
        struct wire_answer late;

        kit_header_is(&out, "Content-Language", cases[i].language);
        kit_header_is(&out, "Vary", "Accept-Language");
        assert_has(&out, cases[i].kind);
        assert_has(&out, cases[i].until);
        assert_has(&out, nothing[cases[i].reader.language]);
        assert_has_not(&out, "(null)");
        assert_int_equal(kit_occurrences(tg_span_buf(&out.body), "<li>"), 3);
        assert_int_equal(
            wire_refuse(gone, NULL, NULL, &cases[i].reader, &late), TG_OK);
        kit_header_is(&late, "Content-Language", cases[i].language);
        assert_has_not(&late, "(null)");
        assert_has(&out, offers[cases[i].reader.language]);
        assert_has(&late, offers[cases[i].reader.language]);
        wire_answer_done(&out);
        wire_answer_done(&late);
    }
}

static void
the_language_is_the_one_that_the_browser_likes_best(void **state)
{
    static const struct {
        const char *value;
        enum wire_language language;
    } cases[] = {
        {"", LANGUAGE_ENGLISH},
        {"de", LANGUAGE_GERMAN},
        {"DE-at", LANGUAGE_GERMAN},
        {"es-419,es;q=0.9,en;q=0.8", LANGUAGE_SPANISH},
        {"en;q=0.5, de;q=0.7, es;q=0.6", LANGUAGE_GERMAN},
        {"fr, ja;q=0.9", LANGUAGE_ENGLISH},
        {"fr, de;q=0.1", LANGUAGE_GERMAN},
        {"de;q=0", LANGUAGE_ENGLISH},
        {"de;q=0.000, es;q=0.001", LANGUAGE_SPANISH},
        {"de, es", LANGUAGE_GERMAN},
        {"*, de;q=0.9", LANGUAGE_ENGLISH},
        {"de;q=1.000 , es", LANGUAGE_GERMAN},
        {", ,de", LANGUAGE_GERMAN},
        {"des", LANGUAGE_ENGLISH},
        {"de;q=2", LANGUAGE_ENGLISH},
        {"de;q=1.001", LANGUAGE_ENGLISH},
        {"de;q=0.1234", LANGUAGE_ENGLISH},
        {"de;q=", LANGUAGE_ENGLISH},
        {"de;x=1", LANGUAGE_ENGLISH},
        {"de es", LANGUAGE_ENGLISH},
        {"de,\xff", LANGUAGE_ENGLISH},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (wire_read_language(tg_span_text(cases[i].value)) !=
            cases[i].language)
            fail_msg("the language of “%s” is wrong", cases[i].value);
    assert_int_equal(wire_read_language(TG_SPAN_EMPTY), LANGUAGE_ENGLISH);
}

static void
the_vertical_is_in_the_query(void **state)
{
    static const struct {
        const char *query;
        enum wire_vertical vertical;
    } cases[] = {
        {"", VERTICAL_GENERAL},        {"v=a", VERTICAL_GENERAL},
        {"v=h", VERTICAL_HOME},        {"v=c", VERTICAL_CAR},
        {"x=1&v=c", VERTICAL_CAR},     {"v=c&utm=1", VERTICAL_CAR},
        {"v=car", VERTICAL_GENERAL},   {"w=c", VERTICAL_GENERAL},
        {"V=c", VERTICAL_GENERAL},     {"xv=c", VERTICAL_GENERAL},
        {"&&v=h&", VERTICAL_HOME},     {"v", VERTICAL_GENERAL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (wire_read_vertical(tg_span_text(cases[i].query)) !=
            cases[i].vertical)
            fail_msg("the vertical of “%s” is wrong", cases[i].query);
    assert_int_equal(wire_read_vertical(TG_SPAN_EMPTY), VERTICAL_GENERAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_preview_has_opengraph_for_messengers_and_words_for_people),
        cmocka_unit_test(a_title_with_nothing_to_see_gives_way_to_the_kind),
        cmocka_unit_test(
            the_pages_have_no_script_link_or_form_and_headers_that_forbid_them),
        cmocka_unit_test(the_style_has_the_hash_that_the_policy_names),
        cmocka_unit_test(a_hostile_text_stays_text),
        cmocka_unit_test(the_largest_texts_are_written_with_two_allocations),
        cmocka_unit_test(
            who_comes_too_late_is_told_so_on_a_page_and_programs_by_a_document),
        cmocka_unit_test(the_page_speaks_the_languages_and_names_the_vertical),
        cmocka_unit_test(the_language_is_the_one_that_the_browser_likes_best),
        cmocka_unit_test(the_vertical_is_in_the_query),
    };

    return cmocka_run_group_tests_name("wire page", tests, NULL, NULL);
}
