/* The URL of the preview's image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire_kit.h"
#include "wire/image_url.h"

/* R-CREATE-2 */
static void
absolute_https_urls_are_taken_apart(void **state)
{
    static const struct {
        const char *text;
        const char *host;
        const char *port;
        const char *path;
    } cases[] = {
        {"https://img.example/k.png", "img.example", "", "/k.png"},
        {"HTTPS://Img.Example", "Img.Example", "", ""},
        {"https://img.example?x=/y", "img.example", "", ""},
        {"https://img.example/#x?y", "img.example", "", "/"},
        {"https://img.example:8443/a%20b;c,d'e?f", "img.example", "8443",
         "/a%20b;c,d'e"},
        {"https://img.example./", "img.example.", "", "/"},
        {"https://192.0.2.1:1/", "192.0.2.1", "1", "/"},
        {"https://[2001:db8::1]:443/", "[2001:db8::1]", "443", "/"},
        {"https://a_b-c.xn--bcher-kva.example/@me:x",
         "a_b-c.xn--bcher-kva.example", "", "/@me:x"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image_url url;

        assert_int_equal(image_url_parse(tg_span_text(cases[i].text), &url),
                         TG_OK);
        kit_span_is(url.host, cases[i].host);
        kit_span_is(url.port, cases[i].port);
        kit_span_is(url.path, cases[i].path);
    }
}

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

/* R-CREATE-2 §13 */
static void
everything_else_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "https",
        "https:",
        "https://",
        "https:///path",
        "https://?x",
        "https://#x",
        "https:/img.example/",
        "https:img.example",
        "//img.example/",
        "/k.png",
        "http://img.example/",
        "httpss://img.example/",
        " https://img.example/",
        "https://img.example/ ",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "ftp://img.example/",
        "https://user@img.example/",
        "https://user:pass@img.example/",
        "https://@img.example/",
        "https://img.example@evil.example/",
        "https://img.example\\@evil.example/",
        "https://img.example\\k.png",
        "https://img.example/a b",
        "https://img.example/\"onerror=x",
        "https://img.example/<x>",
        "https://img.example/`",
        "https://img.example/{a}",
        "https://img.example/a|b^c",
        "https://img.example/\xc3\xa9",
        "https://b\xc3\xbc" "cher.example/",
        "https://img.example/\x01",
        "https://img.example/\n",
        "https://img.example/\x7f",
        "https://img.example/%",
        "https://img.example/%2",
        "https://img.example/%zz",
        "https://img%2eexample/",
        "https://.example/",
        "https://img..example/",
        "https://./",
        "https://img.example../",
        "https://img*.example/",
        "https://img;.example/",
        "https://img.example,evil/",
        "https://'img.example'/",
        "https://" L63 "x.example/",
        "https://" L63 "." L63 "." L63 "." L63 ".example/",
        "https://img.example:/",
        "https://img.example:0/",
        "https://img.example:65536/",
        "https://img.example:99999999999/",
        "https://img.example:8a/",
        "https://img.example:-1/",
        "https://img.example:80:80/",
        "https://2001:db8::1/",
        "https://[2001:db8::1/",
        "https://[]/",
        "https://[a]/",
        "https://[::1%25eth0]/",
        "https://[::1]x/",
        "https://[::1]]/",
        "https://x[::1]/",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image_url url = {.host = {NULL, 7}};

        if (image_url_parse(tg_span_text(cases[i]), &url) != TG_E_FORMAT)
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(url.host.len, 7);
    }
}

/* §13 */
static void
an_url_may_have_2048_bytes_and_not_one_more(void **state)
{
    static const char start[] = "https://img.example/";
    char text[LIMIT_IMAGE_URL + 2];
    struct image_url url;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, start, sizeof(start) - 1);
    text[LIMIT_IMAGE_URL + 1] = '\0';
    assert_int_equal(image_url_parse(tg_span_text(text), &url), TG_E_LIMIT);
    text[LIMIT_IMAGE_URL] = '\0';
    assert_int_equal(image_url_parse(tg_span_text(text), &url), TG_OK);
}

/* Each of them in a URL would lead to the relay's own picture. */
static void
a_host_that_no_image_can_come_from_has_a_fault(void **state)
{
    static const char *const faulty[] = {
        "", ".example.org", ".", "*.example.org", "*", "img..example",
        "10.0.0.1", "127.1", "0x7f.1", "example.0x1f", "1", "[::1]",
        "https://img.example", "img.example:443", "img.example/", "b\xc3\xbc",
    };
    static const char *const fine[] = {
        "img.example", "IMG.example", "localhost", "a_b-c.1.example",
        "img.example.", "xn--bcher-kva.example",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(faulty); i++)
        if (image_url_host_fault(tg_span_text(faulty[i])) == NULL)
            fail_msg("no fault: %s", faulty[i]);
    for (size_t i = 0; i < COUNT(fine); i++)
        if (image_url_host_fault(tg_span_text(fine[i])) != NULL)
            fail_msg("a fault: %s", fine[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absolute_https_urls_are_taken_apart),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(an_url_may_have_2048_bytes_and_not_one_more),
        cmocka_unit_test(a_host_that_no_image_can_come_from_has_a_fault),
    };

    return cmocka_run_group_tests_name("wire_image_url", tests, NULL, NULL);
}
