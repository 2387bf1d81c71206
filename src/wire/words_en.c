/* English. See words.h. */
#include "wire/words.h"

#define TAKES_OVER "Your wallet app takes over from there: accept "

const struct words words_english = {
    .language = "en",
    .verticals = {
        [VERTICAL_GENERAL] = {
            .kind = "Digital key or pass",
            .open = "Open the link on the phone that you want to use it with.",
            .accept = TAKES_OVER "it, and it is on your phone.",
        },
        [VERTICAL_HOME] = {
            .kind = "Key to a home",
            .open = "Open the link on the phone that is to open the door.",
            .accept = TAKES_OVER "the key, and it is on your phone.",
        },
        [VERTICAL_CAR] = {
            .kind = "Car key",
            .open = "Open the link on the phone that is to open the car.",
            .accept = TAKES_OVER "the key, and it is on your phone.",
        },
    },
    .time = {
        .months = {"January", "February", "March", "April", "May", "June",
                   "July", "August", "September", "October", "November",
                   "December"},
        .after_day = " ",
        .after_month = " ",
        .after_year = ", ",
        .after_clock = " UTC",
    },
    .before_until = "You can accept it until ",
    .after_until = ".",
    .next = "What to do next",
    .once = "The link works for the first phone alone, so do not pass it on.",
    .stuck = "Does nothing happen? You need a wallet app that takes such keys "
             "and passes. If you have one, and read this inside another app, "
             "open the link in the phone's browser.",
    .apple_store = "Get the wallet app for iPhone",
    .android_store = "Get the wallet app for Android",
    .unwanted = "You do not want it, or did not expect it?",
    .decline = "Then do nothing: looking at this page accepts nothing, and "
               "the offer ends by itself. To decline at once, open the link "
               "on your phone and choose so in the wallet app.",
    .gone = "This offer is no longer available",
    .why_gone = "It has been used or withdrawn, or its time is over; or the "
                "link is not complete.",
    .ask_again = "If you still need it, ask the person who sent you the link "
                 "for a new one.",
};
