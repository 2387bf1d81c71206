/* See report.h. */
#include "push/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void
report_say(const char *format, ...)
{
    va_list args;

    fputs("tigress-push: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void
report_problem(const char *path, const struct config_problem *problem,
               enum tg_err err)
{
    const char *text = problem->text.len > 0
                           ? (const char *)problem->text.ptr
                           : tg_err_name(err);

    if (problem->line > 0)
        report_say("%s:%u: %s", path, problem->line, text);
    else
        report_say("%s: %s", path, text);
}

static void
report_service(size_t index, const struct sender_counts *told,
               const struct sender_counts *now)
{
    uint64_t delivered = now->delivered - told->delivered;
    uint64_t dead = now->dead - told->dead;
    uint64_t retried = now->retried - told->retried;
    uint64_t refused = now->refused - told->refused;
    uint64_t late = now->late - told->late;

    if (delivered + dead + retried + refused + late == 0 &&
        now->trouble[0] == '\0')
        return;
    report_say("%s: delivered=%" PRIu64 " dead=%" PRIu64 " retried=%" PRIu64
               " refused=%" PRIu64 " late=%" PRIu64 "%s%s",
               sender_names[index], delivered, dead, retried, refused, late,
               now->trouble[0] != '\0' ? "; last trouble: " : "",
               now->trouble);
}

void
report_counts(struct report *told, struct report *now, size_t waiting)
{
    uint64_t dropped = now->arrivals.dropped - told->arrivals.dropped;
    uint64_t folded = now->arrivals.folded - told->arrivals.folded;
    uint64_t unknown = now->arrivals.unknown - told->arrivals.unknown;
    uint64_t malformed = now->listener.malformed - told->listener.malformed;
    uint64_t unread = now->listener.unread - told->listener.unread;

    for (size_t i = 0; i < QUEUE_SERVICES; i++) {
        report_service(i, &told->services[i], &now->services[i]);
        now->services[i].trouble[0] = '\0';
    }
    if (dropped + folded + unknown + malformed + unread > 0)
        report_say("doorbells: waiting=%zu dropped=%" PRIu64
                   " folded=%" PRIu64 " unknown=%" PRIu64
                   " malformed=%" PRIu64 " unread=%" PRIu64,
                   waiting, dropped, folded, unknown, malformed, unread);
    *told = *now;
}
