/* The body of CreateMailbox (R-CREATE-1…4, D5, D7). Whether the expiration
 * has passed depends on the time, so that is for the core to say. */
#include "wire/body.h"

#include "wire/image_url.h"
#include "wire/text.h"

/* ---- displayInformation ------------------------------------------------- */

static struct wire_problem
read_shown_text(struct body_draft *draft, const struct tg_json *display,
                const char *name, const char *member, size_t most,
                struct tg_span *out)
{
    struct wire_problem problem;
    struct tg_span text;

    problem = body_text(display, name, member, &text);
    if (problem.refusal != WIRE_FINE)
        return problem;
    if (text_length(text) > most)
        return body_bad(member, "has too many characters");
    if (text_has_controls(text))
        return body_bad(member, "has control characters");
    *out = body_keep(draft, text);
    return problem;
}

static struct wire_problem
read_image_url(struct body_draft *draft, const struct tg_json *display)
{
    static const char member[] = "displayInformation.imageURL";
    struct wire_problem problem;
    struct tg_span text;
    struct image_url url;

    problem = body_text(display, "imageURL", member, &text);
    if (problem.refusal != WIRE_FINE)
        return problem;
    if (image_url_parse(text, &url) != TG_OK)
        return body_bad(member, "is not an absolute https URL that is fit "
                                "to be shown");
    draft->request->display.image_url = body_keep(draft, text);
    return problem;
}

static struct wire_problem
read_display(struct body_draft *draft)
{
    struct display_info *display = &draft->request->display;
    const struct tg_json *object;
    struct wire_problem problem;

    problem = body_object(draft->root, "displayInformation", &object);
    if (problem.refusal != WIRE_FINE)
        return problem;
    if (object == NULL)
        return body_bad("displayInformation", "is missing");
    problem = read_shown_text(draft, object, "title",
                              "displayInformation.title",
                              LIMIT_TITLE_CHARACTERS, &display->title);
    if (problem.refusal != WIRE_FINE)
        return problem;
    if (text_is_blank(display->title))
        return body_bad("displayInformation.title", "has nothing to see");
    problem = read_shown_text(
        draft, object, "description", "displayInformation.description",
        LIMIT_DESCRIPTION_CHARACTERS, &display->description);
    if (problem.refusal != WIRE_FINE)
        return problem;
    return read_image_url(draft, object);
}

/* ---- mailboxConfiguration ------------------------------------------------ */

static uint8_t
right_of(uint8_t letter)
{
    switch (letter) {
    case 'R': return RIGHT_READ;
    case 'W': return RIGHT_WRITE;
    case 'D': return RIGHT_DELETE;
    default: return 0;
    }
}

/* R-CREATE-3: letters R, W, D, at least one, each at most once. */
static struct wire_problem
read_rights(const struct tg_json *config, uint8_t *rights)
{
    static const char member[] = "mailboxConfiguration.accessRights";
    const struct tg_json *value = tg_json_member(config, "accessRights");
    struct tg_span letters;
    uint8_t set = 0;

    if (value == NULL)
        return body_fine();
    if (!tg_json_text(value, &letters))
        return body_bad(member, "must be a text");
    for (size_t i = 0; i < letters.len; i++) {
        uint8_t right = right_of(letters.ptr[i]);

        if (right == 0)
            return body_bad(member, "may have the letters R, W and D only");
        if ((set & right) != 0)
            return body_bad(member, "has a letter twice");
        set |= right;
    }
    if (set == 0)
        return body_bad(member, "must have at least one letter");
    *rights = set;
    return body_fine();
}

static struct wire_problem
read_expiration(const struct tg_json *value, struct request_body *request)
{
    static const char member[] = "mailboxConfiguration.expiration";
    struct tg_span text;

    if (!tg_json_text(value, &text) ||
        tg_time_parse(text, &request->expiration) != TG_OK)
        return body_bad(member, "must be a UTC time, YYYY-MM-DDThh:mm:ssZ");
    request->expiration_choice = EXPIRATION_AT;
    return body_fine();
}

/* D7. Every policy lowers it to LIMIT_LIFETIME_MOST_S or less (D6), so this
 * lowers it already: adding it to a time then never overflows. */
static struct wire_problem
read_lifetime(const struct tg_json *value, struct request_body *request)
{
    static const char member[] = "mailboxConfiguration.lifetime";
    int64_t seconds;

    if (!tg_json_integer(value, &seconds))
        return body_bad(member, "must be a whole number of seconds");
    if (seconds < 1)
        return body_bad(member, "must be at least 1");
    if (seconds > LIMIT_LIFETIME_MOST_S)
        seconds = LIMIT_LIFETIME_MOST_S;
    request->expiration = seconds;
    request->expiration_choice = EXPIRATION_LIFETIME;
    return body_fine();
}

static struct wire_problem
read_end(const struct tg_json *config, struct request_body *request)
{
    const struct tg_json *expiration = tg_json_member(config, "expiration");
    const struct tg_json *lifetime = tg_json_member(config, "lifetime");

    if (expiration != NULL && lifetime != NULL)
        return body_bad("mailboxConfiguration.lifetime",
                        "cannot stand beside expiration");
    if (expiration != NULL)
        return read_expiration(expiration, request);
    if (lifetime != NULL)
        return read_lifetime(lifetime, request);
    return body_bad("mailboxConfiguration.expiration", "is missing");
}

static struct wire_problem
read_configuration(struct body_draft *draft)
{
    struct request_body *request = draft->request;
    const struct tg_json *config;
    struct wire_problem problem;

    request->rights = RIGHT_READ | RIGHT_DELETE;
    request->expiration_choice = EXPIRATION_DEFAULT;
    problem = body_object(draft->root, "mailboxConfiguration", &config);
    if (problem.refusal != WIRE_FINE || config == NULL)
        return problem;
    problem = read_rights(config, &request->rights);
    if (problem.refusal != WIRE_FINE)
        return problem;
    return read_end(config, request);
}

/* ------------------------------------------------------------------------ */

struct wire_problem
body_create(struct body_draft *draft)
{
    static struct wire_problem (*const parts[])(struct body_draft *) = {
        body_payload, read_display, body_token, read_configuration};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct wire_problem problem = parts[i](draft);

        if (problem.refusal != WIRE_FINE)
            return problem;
    }
    return body_fine();
}
