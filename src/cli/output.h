/* Results and failures, for a person or, with --json, for a machine.
 *
 * Machines get one JSON object a line on standard output, also for a failure;
 * its members are listed in tigress(1). People get results on standard output
 * and everything else on standard error.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <tigress/bytes.h>

#include "messages.h"

struct output {
    bool json;
    bool quiet;
    bool verbose;
};

/* A JSON object under way. Members appear in the order of the calls. */
struct output_object {
    FILE *to;
    bool comma;
};

/* "YYYY-MM-DDThh:mm:ssZ" and its end. */
enum { OUTPUT_TIME_SIZE = 21 };

/* Start the object of one event on standard output; finish it, with the line
 * end, and hand it to its reader at once. */
struct output_object output_begin(const char *event);
void output_end(struct output_object *o);

void output_text(struct output_object *o, const char *name, const char *text);
void output_number(struct output_object *o, const char *name, int64_t value);
void output_flag(struct output_object *o, const char *name, bool value);
void output_time(struct output_object *o, const char *name, int64_t seconds);

/* A list of texts. */
void output_texts(struct output_object *o, const char *name,
                  const char *const *texts, size_t count);

/* `json` is the text of a JSON value, known to be valid. */
void output_json(struct output_object *o, const char *name,
                 struct tg_span json);

/* A UTC second as RFC 3339 text, the way PROTOCOL writes times. */
void output_format_time(int64_t seconds, char out[OUTPUT_TIME_SIZE]);

/* Say something to a person, unless --quiet or --json. */
void output_note(const struct output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for one line "label: text" whose text comes from outside. */
void output_note_text(const struct output *out, const char *label,
                      const char *text);

/* Report a failure and give its exit status.
 *
 *   detail   technical, for --verbose; NULL or "" when there is none. It must
 *            hold no secret, claim or mailbox identifier
 */
int output_fail(const struct output *out, enum messages_about about,
                enum tg_err err, const char *detail);

/* The same with another sentence than the table's. */
int output_fail_saying(const struct output *out, enum messages_about about,
                       enum tg_err err, const char *sentence,
                       const char *detail);

/* Report a failure that the table of messages.h has no sentence for. */
int output_refuse(const struct output *out, enum messages_status status,
                  const char *word, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Report that a file that was given cannot be read, for the reason that
 * `number` (an errno) tells: STATUS_USAGE. NULL is standard input. */
int output_unreadable(const struct output *out, const char *path, int number);

/* Report a mistake of the command line: STATUS_USAGE. */
int output_usage(const struct output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
