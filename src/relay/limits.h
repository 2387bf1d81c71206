/* The bound of every field that the network can send.
 * Lengths in bytes unless a name says characters (Unicode code points). */
#ifndef RELAY_LIMITS_H
#define RELAY_LIMITS_H

enum {
    LIMIT_PAYLOAD_TYPE = 64,              /* R-CREATE-1 */
    LIMIT_PAYLOAD_DATA = 64 * 1024,       /* R-CREATE-1; default, decoded */
    LIMIT_PAYLOAD_DATA_MOST = 512 * 1024, /* what an operator may raise to */
    LIMIT_TITLE_CHARACTERS = 128,         /* R-CREATE-2 */
    LIMIT_DESCRIPTION_CHARACTERS = 512,   /* R-CREATE-2 */
    LIMIT_UTF8_PER_CHARACTER = 4,
    LIMIT_IMAGE_URL = 2048,               /* §13 */
    LIMIT_TOKEN_TYPE = 64,
    LIMIT_TOKEN_DATA = 4096,              /* §13 */
    LIMIT_REMEMBERED_REQUESTS = 8,        /* D10, per side */
    LIMIT_ETAGS = 16,                     /* in one condition header */
    LIMIT_LIFETIME_DEFAULT_S = 48 * 3600, /* R-CREATE-4 */
    LIMIT_LIFETIME_MOST_S = 31 * 24 * 3600,
    LIMIT_WAIT_MOST_S = 60,               /* R-WAIT-1 */
    /* The body of any request: base64 of the payload, worst-case escapes of
     * the texts, and room for members that formats may add. */
    LIMIT_BODY_OVERHEAD = 64 * 1024
};

#endif
