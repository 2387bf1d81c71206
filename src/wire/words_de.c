/* German. See words.h. */
#include "wire/words.h"

#define TAKES_OVER "Ihre Wallet-App übernimmt dann: Nehmen Sie "

const struct words words_german = {
    .language = "de",
    .verticals = {
        [VERTICAL_GENERAL] = {
            .kind = "Digitaler Schlüssel oder Ausweis",
            .open = "Öffnen Sie den Link auf dem Telefon, mit dem Sie ihn "
                    "nutzen möchten.",
            .accept = TAKES_OVER "an, und alles ist auf Ihrem Telefon.",
        },
        [VERTICAL_HOME] = {
            .kind = "Schlüssel zu einer Wohnung",
            .open = "Öffnen Sie den Link auf dem Telefon, das die Tür öffnen "
                    "soll.",
            .accept = TAKES_OVER "den Schlüssel an, und er ist auf Ihrem "
                                 "Telefon.",
        },
        [VERTICAL_CAR] = {
            .kind = "Autoschlüssel",
            .open = "Öffnen Sie den Link auf dem Telefon, das das Auto öffnen "
                    "soll.",
            .accept = TAKES_OVER "den Schlüssel an, und er ist auf Ihrem "
                                 "Telefon.",
        },
    },
    .time = {
        .months = {"Januar", "Februar", "März", "April", "Mai", "Juni",
                   "Juli", "August", "September", "Oktober", "November",
                   "Dezember"},
        .after_day = ". ",
        .after_month = " ",
        .after_year = ", ",
        .after_clock = " Uhr (UTC)",
    },
    .before_until = "Sie können bis zum ",
    .after_until = ", annehmen.",
    .next = "Wie es weitergeht",
    .once = "Der Link gilt nur für das erste Telefon. Geben Sie ihn nicht "
            "weiter.",
    .stuck = "Es passiert nichts? Sie brauchen eine Wallet-App, die solche "
             "Schlüssel und Ausweise annimmt. Haben Sie eine und lesen dies "
             "in einer anderen App, dann öffnen Sie den Link im Browser des "
             "Telefons.",
    .apple_store = "Wallet-App für das iPhone holen",
    .android_store = "Wallet-App für Android holen",
    .unwanted = "Sie möchten das nicht oder haben es nicht erwartet?",
    .decline = "Dann brauchen Sie nichts zu tun: Wer diese Seite ansieht, "
               "nimmt nichts an, und das Angebot endet von selbst. Um gleich "
               "abzulehnen, öffnen Sie den Link auf Ihrem Telefon und wählen "
               "Sie das in der Wallet-App.",
    .gone = "Dieses Angebot gibt es nicht mehr",
    .why_gone = "Es wurde genutzt oder zurückgezogen, oder seine Zeit ist "
                "vorbei; oder der Link ist nicht vollständig.",
    .ask_again = "Wenn Sie es noch brauchen, bitten Sie die Person, von der "
                 "Sie den Link haben, um einen neuen.",
};
