/* What the relay serves that is about no mailbox. Internal to wire/. */
#ifndef WIRE_DOCUMENT_H
#define WIRE_DOCUMENT_H

#include "wire/wire.h"

/* What messengers ask pictures to be. */
#define PICTURE_WIDTH  "1200"
#define PICTURE_HEIGHT "630"

const char *document_path(enum wire_document document);

/* Of a share that brings no picture, or none that may be shown. */
enum wire_document document_picture(enum wire_vertical vertical);

#endif
