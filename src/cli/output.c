/* See output.h. */
#include "output.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "text.h"

static void
print_name(struct output_object *o, const char *name)
{
    if (o->comma)
        fputc(',', o->to);
    o->comma = true;
    fprintf(o->to, "\"%s\":", name);
}

struct output_object
output_begin(const char *event)
{
    struct output_object o = {stdout, false};

    fputc('{', o.to);
    output_text(&o, "event", event);
    return o;
}

void
output_end(struct output_object *o)
{
    fputs("}\n", o->to);
    fflush(o->to);
}

void
output_text(struct output_object *o, const char *name, const char *text)
{
    print_name(o, name);
    if (text == NULL)
        fputs("null", o->to);
    else
        text_print_json(o->to, text_of(text));
}

void
output_number(struct output_object *o, const char *name, int64_t value)
{
    print_name(o, name);
    fprintf(o->to, "%lld", (long long)value);
}

void
output_flag(struct output_object *o, const char *name, bool value)
{
    print_name(o, name);
    fputs(value ? "true" : "false", o->to);
}

void
output_time(struct output_object *o, const char *name, int64_t seconds)
{
    char text[OUTPUT_TIME_SIZE];

    output_format_time(seconds, text);
    output_text(o, name, text);
}

void
output_texts(struct output_object *o, const char *name,
             const char *const *texts, size_t count)
{
    print_name(o, name);
    fputc('[', o->to);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputc(',', o->to);
        text_print_json(o->to, text_of(texts[i]));
    }
    fputc(']', o->to);
}

void
output_json(struct output_object *o, const char *name, struct tg_span json)
{
    print_name(o, name);
    text_print_compact(o->to, json);
}

void
output_format_time(int64_t seconds, char out[OUTPUT_TIME_SIZE])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL || tm.tm_year + 1900 > 9999 ||
        strftime(out, OUTPUT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, OUTPUT_TIME_SIZE, "unknown");
}

void
output_note(const struct output *out, const char *format, ...)
{
    va_list args;

    if (out->quiet || out->json)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static void
report_line(const char *label, const char *text)
{
    fputs(label, stderr);
    text_print(stderr, text_of(text));
    fputc('\n', stderr);
}

void
output_note_text(const struct output *out, const char *label,
                 const char *text)
{
    if (out->quiet || out->json)
        return;
    fputs(label, stderr);
    report_line(": ", text);
}

static void
report_json(const struct messages_entry *m, const char *reason,
            const char *detail)
{
    struct output_object o = output_begin("error");

    output_text(&o, "error", m->word);
    output_number(&o, "status", m->status);
    output_text(&o, "message", m->sentence);
    if (reason != NULL)
        output_text(&o, "reason", reason);
    if (detail != NULL)
        output_text(&o, "detail", detail);
    output_end(&o);
}

/* `reason` and `detail` are technical, and may be NULL. */
static int
report(const struct output *out, const struct messages_entry *m,
       const char *reason, const char *detail)
{
    if (!out->verbose || (detail != NULL && *detail == '\0'))
        detail = NULL;
    if (!out->verbose)
        reason = NULL;
    if (out->json) {
        report_json(m, reason, detail);
        return m->status;
    }
    report_line("tigress: ", m->sentence);
    if (reason != NULL)
        report_line("  reason: ", reason);
    if (detail != NULL)
        report_line("  detail: ", detail);
    return m->status;
}

int
output_fail(const struct output *out, enum messages_about about,
            enum tg_err err, const char *detail)
{
    return report(out, messages_of(about, err), tg_err_name(err), detail);
}

int
output_fail_saying(const struct output *out, enum messages_about about,
                   enum tg_err err, const char *sentence, const char *detail)
{
    struct messages_entry m = *messages_of(about, err);

    m.sentence = sentence;
    return report(out, &m, tg_err_name(err), detail);
}

__attribute__((format(printf, 4, 0))) static int
refuse(const struct output *out, enum messages_status status,
       const char *word, const char *format, va_list args)
{
    char sentence[512];
    struct messages_entry m = {ABOUT_SHARE, TG_E_LAST, status, word, sentence};

    vsnprintf(sentence, sizeof sentence, format, args);
    return report(out, &m, NULL, NULL);
}

int
output_refuse(const struct output *out, enum messages_status status,
              const char *word, const char *format, ...)
{
    va_list args;
    int given;

    va_start(args, format);
    given = refuse(out, status, word, format, args);
    va_end(args);
    return given;
}

int
output_unreadable(const struct output *out, const char *path, int number)
{
    if (path == NULL)
        path = "standard input";
    return output_refuse(out, STATUS_USAGE, "unreadable",
                         "This cannot be read (%s): %s", strerror(number),
                         path);
}

int
output_usage(const struct output *out, const char *format, ...)
{
    va_list args;
    int given;

    va_start(args, format);
    given = refuse(out, STATUS_USAGE, "usage", format, args);
    va_end(args);
    return given;
}
