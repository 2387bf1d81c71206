/* See qr.h. libqrencode makes the modules; this file draws them. */
#include "qr.h"

#include <errno.h>
#include <qrencode.h>
#include <string.h>

enum { QUIET = 4 };

/* Colours of the 256-colour cube, which themes leave alone, unlike 0–15. */
#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define RESET          "\033[0m"

/* The quiet zone, and what lies below an odd last row, is light. */
static bool
is_dark(const QRcode *qr, int x, int y)
{
    if (x < 0 || y < 0 || x >= qr->width || y >= qr->width)
        return false;
    return (qr->data[y * qr->width + x] & 1) != 0;
}

/* One line of text: the modules of rows y and y + 1. */
static void
draw_line(FILE *to, const QRcode *qr, int y, bool colour)
{
    static const char *const blocks[2][2] = {{" ", "▄"}, {"▀", "█"}};

    if (colour)
        fputs(BLACK_ON_WHITE, to);
    for (int x = -QUIET; x < qr->width + QUIET; x++) {
        /* With colours a block is ink on white; without them it is light. */
        bool upper = is_dark(qr, x, y) == colour;
        bool lower = is_dark(qr, x, y + 1) == colour;

        fputs(blocks[upper][lower], to);
    }
    fputs(colour ? RESET "\n" : "\n", to);
}

enum tg_err
qr_draw(FILE *to, const char *text, bool colour)
{
    /* The smallest version that fits; base64 needs case kept. */
    QRcode *qr = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (qr == NULL)
        return errno == ENOMEM ? TG_E_NOMEM : TG_E_LIMIT;
    for (int y = -QUIET; y < qr->width + QUIET; y += 2)
        draw_line(to, qr, y, colour);
    /* The modules are the secret in another alphabet. */
    explicit_bzero(qr->data, (size_t)qr->width * (size_t)qr->width);
    QRcode_free(qr);
    return TG_OK;
}
