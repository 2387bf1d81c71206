/* What of nginx's error log lines stays when they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nginx/log_line.h"

#define ID "6a733549-b7a1-4e1b-a89f-6bbdb2ee7002"

struct line_case {
    const char *in;
    const char *out;
};

static void
assert_redacted(const struct line_case *c)
{
    size_t len = strlen(c->in);
    uint8_t out[512];
    size_t out_len;

    assert_in_range(len, 1, sizeof(out));
    out_len = log_line_redact((const uint8_t *)c->in, len, out);
    assert_int_equal(out_len, strlen(c->out));
    assert_memory_equal(out, c->out, out_len);
}

/* THREATS 24 */
static void
everything_from_outside_is_left_out(void **state)
{
    static const struct line_case cases[] = {
        {"[info] 1#1: *5 client sent invalid header line: \"Mailbox-Device-"
         "Claim " ID "\\x0d...\" while reading client request headers, "
         "client: 192.0.2.7, server: localhost, request: \"GET /v1/m/" ID
         " HTTP/1.1\", host: \"relay.example\"\n",
         "[info] 1#1: *5 client sent invalid header line: \"\" while reading "
         "client request headers, server: localhost, request: \"\"\n"},
        {"[info] 1#1: *9 SSL_do_handshake() failed (SSL: error:0A00010B) while "
         "SSL handshaking, client: 2001:db8::1, server: 0.0.0.0:443\n",
         "[info] 1#1: *9 SSL_do_handshake() failed (SSL: error:0A00010B) while "
         "SSL handshaking, server: 0.0.0.0:443\n"},
        {"open() \"/v1/m/" ID "\" failed (2: No such file or directory)\n",
         "open() \"\" failed (2: No such file or directory)\n"},
        {"invalid host \"\" in request\n", "invalid host \"\" in request\n"},
        /* a quote inside the text must not end it */
        {"bad header: \"a\"b" ID "\"c\"\n", "bad header: \"\"\n"},
        {"[debug] 1#1: *5 HTTP/1.1 200 OK\nMailbox-Request-ID: " ID "\n",
         "[debug] 1#1: *5 HTTP/1.1 200 OK\n"},
        /* cut off by the length of a line */
        {"too long header line: \"" ID, "too long header line: \""},
        {"too long header line: \"" ID "\n", "too long header line: \"\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_redacted(&cases[i]);
}

static void
lines_of_our_own_are_kept_as_they_are(void **state)
{
    static const struct line_case cases[] = {
        {"[error] 1#1: *5 tigress: operation_failed error=TG_E_STORE\n",
         "[error] 1#1: *5 tigress: operation_failed error=TG_E_STORE\n"},
        {"no newline", "no newline"},
        {"\n", "\n"},
        {"ends with client: ", "ends with client: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_redacted(&cases[i]);
}

static void
the_copy_is_never_longer_than_the_line(void **state)
{
    static const char alphabet[] = "\", client: while\nx";
    uint8_t line[64];
    unsigned seed = 7;

    (void)state;
    for (int trial = 0; trial < 20000; trial++) {
        size_t len = (size_t)trial % sizeof(line);
        uint8_t *out = malloc(len + 1); /* a sanitizer sees one byte more */

        assert_non_null(out);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245 + 12345;
            line[i] = (uint8_t)alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }
        out[len] = 0xa5;
        assert_in_range(log_line_redact(line, len, out), 0, len);
        assert_int_equal(out[len], 0xa5);
        free(out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_from_outside_is_left_out),
        cmocka_unit_test(lines_of_our_own_are_kept_as_they_are),
        cmocka_unit_test(the_copy_is_never_longer_than_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
