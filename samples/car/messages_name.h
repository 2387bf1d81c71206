/* The words of the messages that writing and reading share. */
#ifndef CAR_MESSAGES_NAME_H
#define CAR_MESSAGES_NAME_H

#define MESSAGES_TYPE_CREATION  "KeyCreationRequest"
#define MESSAGES_TYPE_SIGNING   "KeySigningRequest"
#define MESSAGES_TYPE_RETRY     "PinRetryRequest"
#define MESSAGES_TYPE_IMPORT    "KeyImportRequest"
#define MESSAGES_TYPE_CANCELLED "ShareCancelled"

#define MESSAGES_REASON_PIN     "pin"
#define MESSAGES_REASON_REFUSED "refused"

enum { MESSAGES_VERSION = 1 };

#endif
