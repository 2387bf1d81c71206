/* The words of the pages, one table for each language: words_en.c,
 * words_de.c, words_es.c. Texts are UTF-8 and go into HTML as they are. */
#ifndef WIRE_WORDS_H
#define WIRE_WORDS_H

#include "wire/wire.h"

/* What depends on the kind of credential. */
struct words_vertical {
    const char *kind;   /* "Car key" */
    const char *open;   /* first step: on which phone to open the link */
    const char *accept; /* second step: what happens then */
};

/* Which words stand around the parts of a point in time. */
struct words_time {
    const char *months[12];
    const char *after_day;
    const char *after_month;
    const char *after_year;
    const char *after_clock;
};

struct words {
    const char *language; /* for lang= and Content-Language (BCP 47) */
    struct words_vertical verticals[WIRE_VERTICALS];
    struct words_time time;

    /* An offer. */
    const char *before_until, *after_until; /* around until when */
    const char *next;                       /* a heading: what to do */
    const char *once;                       /* last step: one phone alone */
    const char *stuck;                      /* who is on that phone already */
    const char *apple_store, *android_store; /* texts of links */
    const char *unwanted, *decline;         /* a heading, and how */

    /* Nothing there. */
    const char *gone, *why_gone; /* a heading, and what it may mean */
    const char *ask_again;
};

const struct words *words_in(enum wire_language language);

/* For words_in(). */
extern const struct words words_english, words_german, words_spanish;

#endif
