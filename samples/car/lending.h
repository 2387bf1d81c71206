/* The shares that this device has begun: the owner's, and those of a friend who
 * may lend on. What is here is for all of them; how a share begins is in
 * inviting.h, how the other device is answered in answering.h.
 *
 * Each step may be interrupted anywhere and started again: what must not
 * happen twice (a share, a try of the PIN, a signature) is on disk before
 * anyone is told.
 */
#ifndef CAR_LENDING_H
#define CAR_LENDING_H

#include "ending.h"
#include "identity.h"
#include "messages.h"

#define LENDING_ISSUED "issued" /* stem of pem_file_of_share() */

struct lending {
    struct device *device;
    struct identity self; /* the key with which this share is lent */
};

/* Something to do with one share. Returns the exit status. */
typedef int lending_step(struct lending *lending, struct report *report,
                         struct tg_share *share);

/* Do `step` on the share of that name, or with NULL on every share that was
 * begun here. Returns the exit status. */
int lending_each(struct device *device, struct report *report,
                 const char *name, lending_step *step);

/* The same for one share that is open already. */
int lending_one(struct device *device, struct report *report,
                struct tg_share *share, lending_step *step);

/* The share of that name, and its offer. TG_E_NOT_FOUND. */
TG_MUST_USE enum tg_err lending_find(struct device *device, const char *name,
                                     struct tg_share **out,
                                     struct key_creation_request *offer);

/* The key of which share `share` is lent with: 0 is the owner's own. */
TG_MUST_USE enum tg_err lending_keep_source(struct tg_share *share,
                                            int64_t source);
TG_MUST_USE enum tg_err lending_load(struct device *device, int64_t source,
                                     struct lending *out);
void lending_done(struct lending *lending);

/* Whether the friend's key was signed. The certificate is in the file
 * LENDING_ISSUED (pem_file_of_share). */
bool lending_has_signed(const struct lending *lending,
                        const struct tg_share *share);

/* Keep how it has ended, and wipe what is of no use any more. */
TG_MUST_USE enum tg_err lending_end(const struct lending *lending,
                                    struct tg_share *share);

/* End a command of this share: its name, how it has ended, what became of its
 * key, and `trouble`, a sentence or "". Returns `exit`. */
int lending_report_end(const struct lending *lending, struct report *report,
                       struct tg_share *share, enum report_exit exit,
                       const char *trouble);

/* Steps. */
lending_step lending_status, lending_cancel, lending_show_pin;

#endif
