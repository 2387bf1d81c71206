/* A share URL as a QR code in the terminal (ISO/IEC 18004). */
#ifndef CLI_QR_H
#define CLI_QR_H

#include <stdbool.h>
#include <stdio.h>

#include <tigress/error.h>

/* Draw `text` with half blocks, two rows of modules in a line of text, with
 * the quiet zone of four modules that readers need.
 *
 *   colour  set black and white explicitly, so that it is right on dark and
 *           light terminals alike; without it the light modules are the
 *           blocks, which suits a dark terminal, and the reader must cope
 *           with an inverted code on a light one
 *
 * A share URL (at most 240 characters) gives at most 65 columns.
 * Errors: TG_E_NOMEM, TG_E_LIMIT (too long for a QR code). Nothing is drawn.
 */
TG_MUST_USE enum tg_err qr_draw(FILE *to, const char *text, bool colour);

#endif
