/* The lending device answers a friend's: judges the KeySigningRequest and the
 * PIN, signs the key once, and sends the KeyImportRequest; or says why not. */
#ifndef CAR_ANSWERING_H
#define CAR_ANSWERING_H

#include "lending.h"

/* A step for lending_each(): whatever comes next in this share. */
lending_step answering_continue;

#endif
