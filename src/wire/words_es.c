/* Spanish. See words.h. */
#include "wire/words.h"

#define TAKES_OVER "Su aplicación de cartera se encarga del resto: acepte"

const struct words words_spanish = {
    .language = "es",
    .verticals = {
        [VERTICAL_GENERAL] = {
            .kind = "Llave o pase digital",
            .open = "Abra el enlace en el teléfono con el que quiera usarlo.",
            .accept = TAKES_OVER ", y lo tendrá en su teléfono.",
        },
        [VERTICAL_HOME] = {
            .kind = "Llave de una casa",
            .open = "Abra el enlace en el teléfono que abrirá la puerta.",
            .accept = TAKES_OVER " la llave, y la tendrá en su teléfono.",
        },
        [VERTICAL_CAR] = {
            .kind = "Llave de un coche",
            .open = "Abra el enlace en el teléfono que abrirá el coche.",
            .accept = TAKES_OVER " la llave, y la tendrá en su teléfono.",
        },
    },
    .time = {
        .months = {"enero", "febrero", "marzo", "abril", "mayo", "junio",
                   "julio", "agosto", "septiembre", "octubre", "noviembre",
                   "diciembre"},
        .after_day = " de ",
        .after_month = " de ",
        .after_year = ", ",
        .after_clock = " UTC",
    },
    .before_until = "Puede aceptar hasta el ",
    .after_until = ".",
    .next = "Qué hacer ahora",
    .once = "El enlace solo sirve para el primer teléfono: no lo comparta.",
    .stuck = "¿No pasa nada? Necesita una aplicación de cartera que admita "
             "estas llaves y pases. Si ya la tiene y lee esto dentro de otra "
             "aplicación, abra el enlace en el navegador del teléfono.",
    .apple_store = "Obtener la aplicación de cartera para iPhone",
    .android_store = "Obtener la aplicación de cartera para Android",
    .unwanted = "¿No lo quiere o no lo esperaba?",
    .decline = "Entonces no haga nada: por ver esta página no se acepta nada, "
               "y la oferta termina por sí sola. Para rechazarla ahora, abra "
               "el enlace en su teléfono y elíjalo en la aplicación de "
               "cartera.",
    .gone = "Esta oferta ya no está disponible",
    .why_gone = "Se ha usado o retirado, o su plazo ha terminado; o el enlace "
                "no está completo.",
    .ask_again = "Si todavía la necesita, pida otro enlace a quien le envió "
                 "este.",
};
