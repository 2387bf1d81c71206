/* The requests of the benchmark. Each has the size that a car key's first
 * message has: about one kilobyte of ciphertext. */
#include <string.h>

#include "crypto/random.h"
#include "script.h"

/* 1 KiB in base64, the size of a sealed KeyCreationRequest. */
#define LINE_64                                                              \
    "VGlncmVzcyBiZW5jaG1hcmsgcGF5bG9h" "ZCwgbm90IHJlYWxseSBzZWFsZWQuIA0K"
#define LINES_4 LINE_64 LINE_64 LINE_64 LINE_64
#define PAYLOAD_DATA                                                         \
    LINES_4 LINES_4 LINES_4 LINES_4 LINES_4 LINE_64

#define PAYLOAD                                                              \
    "\"payload\":{\"type\":\"AEAD_AES_128_GCM\",\"data\":\"" PAYLOAD_DATA   \
    "\"}"
#define DISPLAY                                                              \
    "\"displayInformation\":{\"title\":\"A car key\",\"description\":"       \
    "\"For the weekend\",\"imageURL\":\"https://example.com/car.png\"}"

const char script_payload_data[] = PAYLOAD_DATA;

static const char create_body[] =
    "{" PAYLOAD "," DISPLAY
    ",\"mailboxConfiguration\":{\"accessRights\":\"RWD\",\"lifetime\":3600}}";
static const char update_body[] = "{" PAYLOAD "}";

static const struct {
    const char *name;
    const char *method;
    const char *constant_path; /* where the constant of this size is */
    const char *body;
    bool by_initiator;
} steps[STEP_COUNT] = {
    [STEP_CREATE] = {"create", "POST", "/v1/m", create_body, true},
    [STEP_BIND] = {"bind", "POST", "/v1/m/read", "", false},
    [STEP_READ] = {"read", "POST", "/v1/m/read", "", false},
    [STEP_WAIT] = {"wait", "POST", "/v1/m/read", "", true},
    [STEP_UPDATE] = {"update", "PUT", "/v1/m/update", update_body, false},
    [STEP_DELETE] = {"delete", "DELETE", "/v1/m/delete", "", true},
};

enum { ROUND_MOST = 8 };

static const struct {
    const char *name;
    unsigned length;
    enum script_step steps[ROUND_MOST];
} kinds[SCRIPT_KINDS] = {
    [SCRIPT_CREATE] = {"create", 1, {STEP_CREATE}},
    [SCRIPT_READ] = {"read", 1, {STEP_READ}},
    [SCRIPT_MIX] = {"mix", 8,
                    {STEP_CREATE, STEP_BIND, STEP_READ, STEP_UPDATE,
                     STEP_READ, STEP_UPDATE, STEP_READ, STEP_DELETE}},
    [SCRIPT_PREPARE] = {"prepare", 2, {STEP_CREATE, STEP_BIND}},
    [SCRIPT_WAIT] = {"wait", 1, {STEP_WAIT}},
    [SCRIPT_UPDATE] = {"update", 1, {STEP_UPDATE}},
};

const char *
script_step_name(enum script_step step)
{
    return steps[step].name;
}

const char *
script_kind_name(enum script_kind kind)
{
    return kinds[kind].name;
}

unsigned
script_length(enum script_kind kind)
{
    return kinds[kind].length;
}

enum script_step
script_step(const struct script *script)
{
    return kinds[script->kind].steps[script->position];
}

static enum tg_err
draw_uuid(char out[TG_UUID_TEXT_LEN + 1])
{
    struct tg_uuid id;
    enum tg_err err = random_uuid(&id);

    if (err == TG_OK)
        tg_uuid_format(&id, out);
    return err;
}

static enum tg_err
request_path(const struct script *script, enum script_step step,
             struct tg_buf *out)
{
    if (script->constant)
        return tg_buf_text(out, steps[step].constant_path);
    if (step == STEP_CREATE)
        return tg_buf_text(out, "/v1/m");
    return tg_buf_printf(out, "/v1/m/%s", script->mailbox.id);
}

static enum tg_err
request_ids(struct script *script, enum script_step step, struct tg_buf *out)
{
    char request_id[TG_UUID_TEXT_LEN + 1];
    struct script_mailbox *mailbox = &script->mailbox;
    enum tg_err err;

    if ((err = draw_uuid(request_id)) != TG_OK)
        return err;
    if (step == STEP_CREATE &&
        ((err = draw_uuid(mailbox->initiator)) != TG_OK ||
         (err = draw_uuid(mailbox->recipient)) != TG_OK))
        return err;
    return tg_buf_printf(
        out, "Mailbox-Request-ID: %s\r\nMailbox-Device-Claim: %s\r\n",
        request_id,
        steps[step].by_initiator ? mailbox->initiator : mailbox->recipient);
}

static enum tg_err
request_device(const struct script_device *device, struct tg_buf *out)
{
    return tg_buf_printf(out,
                         "Mailbox-Request-ID: %s\r\n"
                         "Mailbox-Device-Claim: %s\r\n"
                         "Mailbox-Device-Attestation: %s\r\n",
                         device->request_id, device->claim, device->statement);
}

/* Longer than anything takes here, and all that a relay grants. */
static enum tg_err
request_wait(const struct script *script, struct tg_buf *out)
{
    return tg_buf_printf(out,
                         "If-None-Match: \"%lu\"\r\nPrefer: wait=60\r\n",
                         script->version);
}

enum tg_err
script_request(struct script *script, bool last, struct tg_buf *out)
{
    enum script_step step = script_step(script);
    const char *body = steps[step].body;
    enum tg_err err;

    if ((err = tg_buf_text(out, steps[step].method)) != TG_OK ||
        (err = tg_buf_text(out, " ")) != TG_OK ||
        (err = request_path(script, step, out)) != TG_OK ||
        (err = tg_buf_text(out, " HTTP/1.1\r\nHost: 127.0.0.1\r\n")) !=
            TG_OK ||
        (err = script->device != NULL
                   ? request_device(script->device, out)
                   : request_ids(script, step, out)) != TG_OK)
        return err;
    if (step == STEP_WAIT && (err = request_wait(script, out)) != TG_OK)
        return err;
    if (last && (err = tg_buf_text(out, "Connection: close\r\n")) != TG_OK)
        return err;
    if (body[0] != '\0' &&
        (err = tg_buf_text(out, "Content-Type: application/json\r\n")) !=
            TG_OK)
        return err;
    return tg_buf_printf(out, "Content-Length: %zu\r\n\r\n%s", strlen(body),
                         body);
}

/* The identifier out of "urlLink":"https://…/v1/m/{id}". */
static bool
take_mailbox_id(struct tg_span body, char id[TG_UUID_TEXT_LEN + 1])
{
    static const char before[] = "/v1/m/";
    const char *found = memmem(body.ptr, body.len, before, strlen(before));
    struct tg_uuid parsed;

    if (found == NULL ||
        body.ptr + body.len - (const uint8_t *)found <
            (ptrdiff_t)(strlen(before) + TG_UUID_TEXT_LEN))
        return false;
    found += strlen(before);
    memcpy(id, found, TG_UUID_TEXT_LEN);
    id[TG_UUID_TEXT_LEN] = '\0';
    return tg_uuid_parse(tg_span_text(id), &parsed) == TG_OK;
}

static bool
is_right_body(struct script *script, enum script_step step,
              struct tg_span body)
{
    if (script->constant)
        return true;
    if (step == STEP_CREATE)
        return take_mailbox_id(body, script->mailbox.id);
    if (step == STEP_BIND || step == STEP_READ || step == STEP_WAIT)
        return memmem(body.ptr, body.len, PAYLOAD_DATA,
                      strlen(PAYLOAD_DATA)) != NULL;
    return true;
}

bool
script_accept(struct script *script, unsigned status, struct tg_span body)
{
    if (status == SCRIPT_UNCHANGED && script_step(script) == STEP_WAIT)
        return true;
    if (status != 200 || !is_right_body(script, script_step(script), body))
        return false;
    script->position = (script->position + 1) % script_length(script->kind);
    return true;
}
