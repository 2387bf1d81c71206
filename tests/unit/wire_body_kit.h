/* Bodies for the tests of wire/, and how they are judged. */
#ifndef WIRE_BODY_KIT_H
#define WIRE_BODY_KIT_H

#include "wire_kit.h"

enum { PAYLOAD_MOST = 48 };

static const struct wire_limits kit_limits = {.payload_data = PAYLOAD_MOST};

#define PAYLOAD                                                              \
    "\"payload\":{\"type\":\"AEAD_AES_128_GCM\","                            \
    "\"data\":\"c2VhbGVk\"}"
#define DISPLAY                                                              \
    "\"displayInformation\":{\"title\":\"A key\",\"description\":\"For you\"," \
    "\"imageURL\":\"https://img.example/k.png\"}"
#define CREATE_WITH(more) "{" PAYLOAD "," DISPLAY "," more "}"
#define CONFIG(members) CREATE_WITH("\"mailboxConfiguration\":" members)
#define TOKEN(members) CREATE_WITH("\"notificationToken\":" members)
#define PAYLOAD_OF(type, data)                                               \
    "{\"payload\":{\"type\":" type ",\"data\":" data "}," DISPLAY "}"
#define DISPLAY_OF(title, description, url)                                  \
    "{" PAYLOAD ",\"displayInformation\":{\"title\":" title                  \
    ",\"description\":" description ",\"imageURL\":" url "}}"
#define TITLE_OF(title)                                                      \
    DISPLAY_OF(title, "\"d\"", "\"https://img.example/\"")
#define IMAGE_OF(url) DISPLAY_OF("\"t\"", "\"d\"", url)

/* 16 characters of base64; 4 of them decode to PAYLOAD_MOST bytes. */
#define B16 "QUJDREVGR0hJSktM"

static inline struct wire_body
kit_parse(enum wire_call call, const char *text)
{
    struct wire_headers headers = {.content_type =
                                       kit_header("application/json")};
    struct wire_body body;

    assert_int_equal(wire_parse_body(call, &headers, tg_span_text(text),
                                     &kit_limits, &body),
                     TG_OK);
    return body;
}

static inline struct wire_body
kit_parse_fine(enum wire_call call, const char *text)
{
    struct wire_body body = kit_parse(call, text);

    if (body.problem.refusal != WIRE_FINE)
        fail_msg("refused for %s: %s", body.problem.member, text);
    assert_true(body.request.acceptable);
    return body;
}

struct kit_refused {
    const char *text;
    const char *member;
};

static inline void
kit_all_refused(enum wire_call call, const struct kit_refused *cases,
                   size_t count, enum wire_refusal why)
{
    for (size_t i = 0; i < count; i++) {
        struct wire_body body = kit_parse(call, cases[i].text);

        if (body.problem.refusal != why)
            fail_msg("not refused as %d but %d: %s", (int)why,
                     (int)body.problem.refusal, cases[i].text);
        assert_false(body.request.acceptable);
        kit_same_text(body.problem.member, cases[i].member);
        assert_non_null(body.problem.reason);
        wire_body_done(&body);
    }
}

#define KIT_ALL_REFUSED(call, cases) \
    kit_all_refused(call, cases, COUNT(cases), WIRE_BODY_BAD)

#define T16 "0123456789abcdef"
#define T128 T16 T16 T16 T16 T16 T16 T16 T16

#endif
