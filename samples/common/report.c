/* See report.h. */
#include "report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *
report_exit_name(enum report_exit exit)
{
    switch (exit) {
    case REPORT_DONE: return "done";
    case REPORT_FAILED: return "failed";
    case REPORT_USAGE: return "usage";
    case REPORT_REFUSED: return "refused";
    case REPORT_WAITING: return "waiting";
    case REPORT_TAKEN: return "taken";
    case REPORT_OVER: return "over";
    case REPORT_NETWORK: return "network";
    case REPORT_PIN: return "pin";
    case REPORT_PASSPHRASE: return "passphrase";
    }
    return "failed";
}

static void
print_json(struct report *report, enum report_exit exit, const char *sentence)
{
    struct text line = TEXT_EMPTY;

    members_set_text(report->members, "result", report_exit_name(exit));
    members_set_text(report->members, "message", sentence);
    if (members_format(report->members, &line) == TG_OK)
        printf("%s\n", line.at);
    else
        printf("{\"result\":\"failed\",\"message\":\"Out of memory.\"}\n");
    text_free(&line);
}

int
report_end(struct report *report, enum report_exit exit, const char *format,
           ...)
{
    char *sentence = NULL;
    va_list args;
    bool bad = exit != REPORT_DONE && exit != REPORT_WAITING;

    va_start(args, format);
    if (vasprintf(&sentence, format, args) < 0)
        sentence = NULL;
    va_end(args);
    if (report->as_json)
        print_json(report, exit, sentence == NULL ? "" : sentence);
    else if (bad)
        fprintf(stderr, "%s: %s\n", report->program,
                sentence == NULL ? "out of memory" : sentence);
    else
        printf("%s\n", sentence == NULL ? "" : sentence);
    free(sentence);
    fflush(stdout);
    return exit;
}

int
report_refused(struct report *report, const char *check, const char *sentence)
{
    members_set_text(report->members, "check", check);
    return report_end(report, REPORT_REFUSED, "%s (check: %s)", sentence,
                      check);
}

enum report_exit
report_exit_of(enum tg_err err)
{
    /* Only those that mean something of their own here. */
    if (err == TG_E_NO_NEWS)
        return REPORT_WAITING;
    if (err == TG_E_SEALED)
        return REPORT_PASSPHRASE;
    if (err == TG_E_GONE || err == TG_E_STATE)
        return REPORT_OVER;
    if (err == TG_E_REFUSED)
        return REPORT_TAKEN;
    if (err == TG_E_NETWORK || err == TG_E_TLS || err == TG_E_BUSY)
        return REPORT_NETWORK;
    if (err == TG_E_AUTH || err == TG_E_REPLAY || err == TG_E_UNTRUSTED ||
        err == TG_E_UNKNOWN || err == TG_E_PROTOCOL || err == TG_E_FORMAT)
        return REPORT_REFUSED;
    return REPORT_FAILED;
}

/* What a person should know and do; NULL where that depends on what was being
 * done. */
static const char *
advice(enum tg_err err)
{
    switch (err) {
    case TG_E_NO_NEWS: return "Nothing new from the other device yet.";
    case TG_E_GONE:
        return "This invitation is no longer there: it was used, cancelled "
               "or has expired. Ask for a new one.";
    case TG_E_STATE: return "This share has already ended.";
    case TG_E_REFUSED:
        return "This invitation was already accepted on another device. If "
               "that is not one of yours, tell whoever sent it at once.";
    case TG_E_UNTRUSTED:
        return "The invitation names a relay that this device does not trust, "
               "so nothing was sent to it. Ask whoever sent it for another "
               "invitation.";
    case TG_E_NETWORK:
        return "The relay cannot be reached. Check the network connection, "
               "then try the same command again.";
    case TG_E_TLS:
        return "The relay could not prove who it is, so nothing was sent to "
               "it. Try another network, or check the file that was given "
               "with --relay-ca.";
    case TG_E_BUSY: return "The relay is busy. Try again in a minute.";
    case TG_E_AUTH:
        return "The secret of the invitation does not open it: the link is "
               "incomplete or was changed. Copy all of it, or ask for a new "
               "one.";
    case TG_E_REPLAY:
        return "The relay delivered a message that does not belong here. It "
               "was ignored; nothing is lost.";
    case TG_E_PROTOCOL:
        return "The relay's answer cannot be understood. Try again later.";
    case TG_E_LIFETIME:
        return "The relay keeps no invitation for so long. Choose less time.";
    case TG_E_VERSION:
        return "The relay speaks another version. Update this program.";
    case TG_E_ATTESTATION: return "The relay does not accept this device.";
    case TG_E_CONFLICT:
        return "The other device has written meanwhile. Try the same command "
               "again.";
    case TG_E_UNKNOWN:
        return "This device does not know this kind of key.";
    case TG_E_FULL: return "The disk is full. Make room and try again.";
    case TG_E_NOMEM: return "Out of memory. Try again.";
    case TG_E_SEALED: return "The wallet of this device wants its passphrase.";
    case TG_E_LOCKED:
        return "Another program is using this state directory. Try again.";
    case TG_OK:
    case TG_E_IO:
    case TG_E_RANDOM:
    case TG_E_CRYPTO:
    case TG_E_STORE:
    case TG_E_FORMAT:
    case TG_E_LIMIT:
    case TG_E_NOT_FOUND:
    case TG_E_EXISTS:
    case TG_E_LAST: break;
    }
    return NULL;
}

/* How it failed, behind what was being done. */
static const char *
trouble(enum tg_err err)
{
    if (err == TG_E_NOT_FOUND)
        return "a file is not there. Check the names that were given";
    if (err == TG_E_IO || err == TG_E_STORE)
        return "a file or directory cannot be used. Check that it exists and "
               "belongs to you";
    if (err == TG_E_FORMAT)
        return "what was given is not what is needed here, or is damaged. "
               "Check the file or the value";
    if (err == TG_E_LIMIT)
        return "something is too long or too large. Check the file or the "
               "value";
    if (err == TG_E_EXISTS)
        return "it is there already";
    return "this machine cannot do it now. Try again";
}

int
report_error(struct report *report, enum tg_err err, const char *doing,
             const char *reason)
{
    const char *sentence = advice(err);
    struct text technical = TEXT_EMPTY;
    bool has_reason = reason != NULL && *reason != '\0';
    const char *words = "";
    int status;

    members_set_text(report->members, "error", tg_err_name(err));
    if (report->verbose && has_reason)
        members_set_text(report->members, "reason", reason);
    if (report->verbose &&
        text_print(&technical, " (%s: %s%s%s)", doing, tg_err_name(err),
                   has_reason ? ", " : "", has_reason ? reason : "") == TG_OK)
        words = technical.at;
    if (sentence != NULL)
        status = report_end(report, report_exit_of(err), "%s%s", sentence,
                            words);
    else
        status = report_end(report, report_exit_of(err), "%c%s failed: %s.%s",
                            toupper((unsigned char)doing[0]), doing + 1,
                            trouble(err), words);
    text_free(&technical);
    return status;
}
