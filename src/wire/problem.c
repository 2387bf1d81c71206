/* wire_refuse(): problem documents (RFC 9457), and the page of a mailbox that
 * is gone. Everything that is written here is a literal of ours, so nothing
 * has to be escaped and nothing from outside comes back. */
#include "wire/answer.h"
#include "wire/outcome.h"
#include "wire/page.h"

enum { DOCUMENT_USUAL = 256 }; /* room that nearly all of them fit into */

/* The reason, with what it is about in front; else what is always true. */
static enum tg_err
append_detail(struct tg_buf *body, const struct wire_problem *problem,
              const struct outcome_entry *entry)
{
    const char *member = problem->member != NULL ? problem->member : "";
    const char *reason = problem->reason != NULL ? problem->reason : "";
    const char *between = *member != '\0' && *reason != '\0' ? " " : "";

    if (*member == '\0' && *reason == '\0')
        reason = entry->detail;
    return tg_buf_printf(body, ",\"detail\":\"%s%s%s\"", member, between,
                         reason);
}

static enum tg_err
append_document(struct tg_buf *body, const struct wire_problem *problem,
                const struct outcome_entry *entry)
{
    enum tg_err err;

    if ((err = tg_buf_reserve(body, DOCUMENT_USUAL)) != TG_OK)
        return err;
    err = tg_buf_printf(body, "{\"type\":\"%s\",\"title\":\"%s\",\"status\":%u",
                        entry->type, entry->title, entry->status);
    if (err == TG_OK)
        err = append_detail(body, problem, entry);
    if (err == TG_OK)
        err = tg_buf_byte(body, '}');
    return err;
}

static void
add_headers(struct wire_answer *answer, const struct outcome_entry *entry,
            const char *allow)
{
    answer_header(answer, "Content-Type", "application/problem+json");
    if (entry->status == 401)
        answer_header(answer, "WWW-Authenticate", "Mailbox-Device-Claim");
    if (entry->retry_after != NULL)
        answer_header(answer, "Retry-After", entry->retry_after);
    if (entry->status == 405 && allow != NULL)
        answer_header(answer, "Allow", allow);
}

enum tg_err
wire_refuse(struct wire_problem problem, const struct wire_ids *ids,
            const char *allow, const struct wire_reader *reader,
            struct wire_answer *out)
{
    const struct outcome_entry *entry = outcome_entry(problem.refusal);
    struct wire_answer answer;
    enum tg_err err;

    if (reader != NULL && entry->status == 404)
        return page_gone(ids, reader, out);
    if ((err = answer_begin(entry->status, ids, ANSWER_WAIT_MOST, &answer)) !=
        TG_OK)
        return err;
    add_headers(&answer, entry, allow);
    if (problem.refusal == WIRE_UNCHANGED)
        answer_wait(&answer, ids);
    if ((err = append_document(&answer.body, &problem, entry)) != TG_OK) {
        wire_answer_done(&answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}
