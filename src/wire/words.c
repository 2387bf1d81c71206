/* See words.h. */
#include "wire/words.h"

const struct words *
words_in(enum wire_language language)
{
    switch (language) {
    case LANGUAGE_ENGLISH: break;
    case LANGUAGE_GERMAN: return &words_german;
    case LANGUAGE_SPANISH: return &words_spanish;
    }
    return &words_english;
}
