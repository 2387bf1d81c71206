/* The preview page, and the page of a mailbox that is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "crypto/hash.h"
#include "wire_kit.h"
#include "wire/page.h"

static const struct tg_span listed_hosts[] = {
    TG_SPAN_LITERAL("img.example"), TG_SPAN_LITERAL("cdn.example")};

static const struct wire_site open_site = {
    .public_origin = TG_SPAN_LITERAL("https://relay.example"),
};
static const struct wire_site strict_site = {
    .public_origin = TG_SPAN_LITERAL("https://relay.example"),
    .image_hosts = listed_hosts,
    .image_host_count = 2,
};

static const struct wire_reader english = {LANGUAGE_ENGLISH, VERTICAL_GENERAL};

static struct wire_answer
preview_for(const struct wire_reader *reader, const struct wire_site *site,
            const char *title, const char *description, const char *image_url)
{
    struct mailbox mailbox = {
        .exists = true,
        .expires = 1644332242, /* 2022-02-08T14:57:22Z */
        .display = {tg_span_text(title), tg_span_text(description),
                    tg_span_text(image_url)},
    };
    struct mailbox_id id = {kit_uuid(ID_SENT)};
    struct wire_ids ids = {0};
    struct wire_outcome outcome = {.call = CALL_DISPLAY,
                                   .outcome = RELAY_DONE,
                                   .mailbox = &mailbox,
                                   .mailbox_id = &id,
                                   .ids = &ids,
                                   .reader = reader};
    struct wire_answer out;

    assert_int_equal(wire_answer(&outcome, site, &out), TG_OK);
    return out;
}

static struct wire_answer
preview(const struct wire_site *site, const char *title,
        const char *description, const char *image_url)
{
    return preview_for(&english, site, title, description, image_url);
}

static struct wire_answer
preview_of_image(const struct wire_site *site, const char *url)
{
    return preview(site, "t", "d", url);
}

static void
assert_has(const struct wire_answer *out, const char *part)
{
    if (!kit_has(tg_span_buf(&out->body), part))
        fail_msg("no “%s” in:\n%.*s", part, (int)out->body.len,
                 (const char *)out->body.ptr);
}

static void
assert_has_not(const struct wire_answer *out, const char *part)
{
    if (kit_has(tg_span_buf(&out->body), part))
        fail_msg("“%s” in:\n%.*s", part, (int)out->body.len,
                 (const char *)out->body.ptr);
}

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

/* R-PRE-3 */
static void
the_policy_opens_for_the_one_image_and_nothing_can_end_it_early(void **state)
{
    static const struct {
        const char *url;
        const char *source;
    } cases[] = {
        {"https://img.example/k.png", "; img-src https://img.example/k.png"},
        {"HTTPS://Img.Example:8443/a?b;c#d",
         "; img-src https://Img.Example:8443/a"},
        {"https://img.example", "; img-src https://img.example"},
        {"https://img.example/a;script-src,*'x'%20",
         "; img-src https://img.example/a%3Bscript-src%2C%2A%27x%27%20"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview_of_image(&open_site, cases[i].url);
        struct tg_span policy = kit_find(&out, "Content-Security-Policy");
        size_t len = strlen(cases[i].source);
        struct tg_span end = {policy.ptr + policy.len - len, len};

        kit_span_is(end, cases[i].source);
        assert_int_equal(kit_occurrences(policy, ";"), 5);
        assert_int_equal(kit_occurrences(policy, ","), 0);
        wire_answer_done(&out);
    }
}

/* The relay's own picture instead: of known size, and no host but its own. */
static void
assert_shows_ours(const struct wire_answer *out, const char *path)
{
    char text[200];

    snprintf(text, sizeof(text), "<img alt=\"\" src=\"https://relay.example%s"
             "\">", path);
    assert_has(out, text);
    snprintf(text, sizeof(text), "<meta property=\"og:image\" content=\""
             "https://relay.example%s\">\n<meta property=\"og:image:width\" "
             "content=\"1200\">", path);
    assert_has(out, text);
    snprintf(text, sizeof(text), "; img-src https://relay.example%s", path);
    assert_true(kit_has(kit_find(out, "Content-Security-Policy"), text));
}

/* R-PRE-3 */
static void
for_an_image_of_a_host_that_is_not_listed_there_is_ours(void **state)
{
    static const struct {
        const char *url;
        bool shown;
    } cases[] = {
        {"https://img.example/k.png", true},
        {"https://CDN.example:444/k.png", true},
        {"https://evil.example/img.example", false},
        {"https://img.example.evil.example/", false},
        {"https://www.img.example/", false},
        {"https://img.example./", false},
        {"https://[::1]/", false},
        {"https://me@img.example/", false}, /* as an older relay let in */
        {"javascript:alert(1)", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview_of_image(&strict_site, cases[i].url);

        if (!cases[i].shown)
            assert_shows_ours(&out, "/v1/picture/general.png");
        else
            assert_has_not(&out, "/v1/picture/");
        if (!cases[i].shown && cases[i].url[0] != '\0')
            assert_has_not(&out, cases[i].url);
        assert_has_not(&out, "og:image:width\" content=\"0");
        wire_answer_done(&out);
    }
}

/* A browser writes them anew, and would not show what it finds then. */
static void
for_an_image_that_a_policy_cannot_name_there_is_ours(void **state)
{
    static const struct {
        const char *url;
        bool shown;
    } cases[] = {
        {"https://[::1]/k", false},       {"https://192.0.2.7/k", false},
        {"https://127.0.0.1:8443/", false}, {"https://127.1/k", false},
        {"https://127.0.0.1./k", false},  {"https://2130706433", false},
        {"https://0x7f000001/k", false},  {"https://a.example.0X7F/", false},
        {"https://a.0x/k", false},        {"https://img.example.5/k", false},
        {"https://5.example/k", true},    {"https://1.0xg/k", true},
        {"https://img.0x7f.example/", true}, {"https://1e100/k", true},
        {"https://i.example/a/../b", false}, {"https://i.example/.", false},
        {"https://i.example/a/.%2E", false}, {"https://i.example/%2e/", false},
        {"https://i.example/a/.b/..c/...", true},
        {"https://i.example//%2f/a.%2e?/../", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_answer out = preview_of_image(&open_site, cases[i].url);

        if (cases[i].shown) {
            assert_has(&out, cases[i].url);
        } else {
            assert_has_not(&out, cases[i].url);
            assert_shows_ours(&out, "/v1/picture/general.png");
        }
        wire_answer_done(&out);
    }
}

static void
our_picture_is_that_of_the_vertical(void **state)
{
    static const struct {
        enum wire_vertical vertical;
        const char *path;
    } cases[] = {{VERTICAL_GENERAL, "/v1/picture/general.png"},
                 {VERTICAL_HOME, "/v1/picture/home.png"},
                 {VERTICAL_CAR, "/v1/picture/car.png"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_reader reader = {LANGUAGE_ENGLISH, cases[i].vertical};
        struct wire_answer out =
            preview_for(&reader, &strict_site, "t", "d", "https://x.example/");

        assert_shows_ours(&out, cases[i].path);
        wire_answer_done(&out);
    }
}

/* As a device does that has no picture of its own: the size is told. */
static void
our_picture_is_known_when_it_is_named(void **state)
{
    static const char *const sites[] = {"https://relay.example",
                                        "https://relay.example:8443",
                                        "https://relay.exampl"};
    char url[100];

    (void)state;
    for (size_t i = 0; i < COUNT(sites); i++) {
        struct wire_answer out;

        snprintf(url, sizeof(url), "%s/v1/picture/car.png", sites[i]);
        out = preview_of_image(&open_site, url);
        if (i == 0) {
            assert_shows_ours(&out, "/v1/picture/car.png");
        } else {
            assert_has(&out, url);
            assert_has_not(&out, "og:image:width");
        }
        wire_answer_done(&out);
    }
    for (size_t i = 0; i < 2; i++) {
        struct wire_answer out = preview_of_image(
            &open_site, i == 0 ? "https://relay.example/v1/picture/x.png"
                               : "https://relay.example");

        assert_has_not(&out, "og:image:width");
        wire_answer_done(&out);
    }
}

/* A policy cannot name the relay by an IPv6 literal either. */
static void
a_relay_at_a_literal_address_shows_its_own_picture(void **state)
{
    static const struct wire_site site = {
        .public_origin = TG_SPAN_LITERAL("https://[::1]:8443"),
        .image_hosts = listed_hosts,
        .image_host_count = 2,
    };
    struct wire_answer out = preview_of_image(&site, "");

    (void)state;
    assert_has(&out, "src=\"https://[::1]:8443/v1/picture/general.png\"");
    assert_true(kit_has(kit_find(&out, "Content-Security-Policy"),
                        "; img-src 'self'"));
    wire_answer_done(&out);
}

static uint32_t
number_at(struct tg_span bytes, size_t at)
{
    uint32_t number = 0;

    for (size_t i = 0; i < 4; i++)
        number = number << 8 | bytes.ptr[at + i];
    return number;
}

/* Served for a month, and of the size that the pages tell. */
static void
the_pictures_are_png_files_of_the_size_that_is_told(void **state)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};

    (void)state;
    for (unsigned i = 0; i <= DOCUMENT_PICTURE_CAR; i++) {
        enum wire_document picture = (enum wire_document)i;
        struct wire_answer out;
        struct tg_span bytes;

        assert_int_equal(wire_document(picture, &open_site, NULL, &out),
                         TG_OK);
        bytes = tg_span_buf(&out.body);
        assert_int_equal(out.status, 200);
        kit_header_is(&out, "Content-Type", "image/png");
        kit_header_is(&out, "Cache-Control",
                      "public, max-age=2592000, no-transform");
        assert_true(bytes.len > 1000);
        assert_memory_equal(bytes.ptr, png, sizeof(png));
        assert_int_equal(number_at(bytes, 16), 1200);
        assert_int_equal(number_at(bytes, 20), 630);
        wire_answer_done(&out);
    }
}

/* RFC 9110 §13.1.2: whoever has a picture is not sent it again. */
static void
a_picture_that_is_known_is_not_sent_again(void **state)
{
    static const struct {
        const char *before, *after; /* around its tag */
        unsigned status;
    } cases[] = {{"", "", 304},       {"W/", "", 304},
                 {"\"1\", ", "", 304}, {"\"x", "", 200},
                 {"", " and", 200},   {"\"0\"", NULL, 200},
                 {"*", NULL, 304}};
    struct wire_headers headers = {.if_none_match = {.count = 1}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire_ids ids = {0};
        struct wire_answer first;
        struct wire_answer out;
        struct tg_span tag;
        char text[64];

        assert_int_equal(wire_document(DOCUMENT_PICTURE_CAR, &open_site, NULL,
                                       &first), TG_OK);
        tag = kit_find(&first, "ETag");
        snprintf(text, sizeof(text), "%s%.*s%s", cases[i].before,
                 cases[i].after == NULL ? 0 : (int)tag.len,
                 (const char *)tag.ptr,
                 cases[i].after == NULL ? "" : cases[i].after);
        headers.if_none_match.value = tg_span_text(text);
        assert_int_equal(
            wire_parse_headers(CALL_DOCUMENT, &headers, &ids).refusal,
            WIRE_FINE);
        assert_int_equal(wire_document(DOCUMENT_PICTURE_CAR, &open_site, &ids,
                                       &out), TG_OK);
        if (out.status != cases[i].status)
            fail_msg("%s: %u", text, out.status);
        assert_true(tg_span_equal(kit_find(&out, "ETag"), tag));
        assert_int_equal(out.body.len,
                         cases[i].status == 304 ? 0 : first.body.len);
        wire_answer_done(&out);
        wire_answer_done(&first);
    }
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

/* §7 */
static void
discovery_says_what_the_relay_grants(void **state)
{
    static const struct tg_span types[] = {TG_SPAN_LITERAL("com.apple.apns"),
                                           TG_SPAN_LITERAL("org.w3.webpush")};
    static const struct tg_span formats[] = {TG_SPAN_LITERAL("apple"),
                                             TG_SPAN_LITERAL("android-key")};
    const struct wire_terms terms = {.payload_most = 65536,
                                     .lifetime_default = 86400,
                                     .lifetime_max = 172800,
                                     .wait_most_s = 60,
                                     .push_types = types,
                                     .push_type_count = 2,
                                     .attestation = "optional",
                                     .attestation_formats = formats,
                                     .attestation_format_count = 2};
    struct tg_buf json = TG_BUF_EMPTY;
    struct wire_site site = open_site;
    struct wire_answer out;

    (void)state;
    assert_int_equal(wire_format_discovery(&terms, &json), TG_OK);
    site.discovery = tg_span_buf(&json);
    assert_int_equal(wire_document(DOCUMENT_DISCOVERY, &site, NULL, &out),
                     TG_OK);
    kit_header_is(&out, "Content-Type", "application/json");
    kit_span_is(
        tg_span_buf(&out.body),
        "{\"versions\":[\"v1\"],"
        "\"payload\":{"
        "\"types\":[\"AEAD_AES_128_GCM\",\"AEAD_AES_256_GCM\"],"
        "\"maxBytes\":65536},"
        "\"lifetime\":{\"default\":86400,\"max\":172800},"
        "\"notifications\":[\"com.apple.apns\",\"org.w3.webpush\"],"
        "\"attestation\":{\"policy\":\"optional\","
        "\"formats\":[\"apple\",\"android-key\"]},"
        "\"wait\":{\"max\":60}}");
    wire_answer_done(&out);
    tg_buf_free(&json);
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
        cmocka_unit_test(
            the_policy_opens_for_the_one_image_and_nothing_can_end_it_early),
        cmocka_unit_test(
            for_an_image_of_a_host_that_is_not_listed_there_is_ours),
        cmocka_unit_test(for_an_image_that_a_policy_cannot_name_there_is_ours),
        cmocka_unit_test(our_picture_is_that_of_the_vertical),
        cmocka_unit_test(our_picture_is_known_when_it_is_named),
        cmocka_unit_test(a_relay_at_a_literal_address_shows_its_own_picture),
        cmocka_unit_test(the_pictures_are_png_files_of_the_size_that_is_told),
        cmocka_unit_test(a_picture_that_is_known_is_not_sent_again),
        cmocka_unit_test(the_largest_texts_are_written_with_two_allocations),
        cmocka_unit_test(
            who_comes_too_late_is_told_so_on_a_page_and_programs_by_a_document),
        cmocka_unit_test(the_page_speaks_the_languages_and_names_the_vertical),
        cmocka_unit_test(the_language_is_the_one_that_the_browser_likes_best),
        cmocka_unit_test(the_vertical_is_in_the_query),
        cmocka_unit_test(discovery_says_what_the_relay_grants),
    };

    return cmocka_run_group_tests_name("wire_page", tests, NULL, NULL);
}
