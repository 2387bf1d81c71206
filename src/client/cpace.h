/* What CPace computes, suite CPACE-RISTR255-SHA512, initiator and responder:
 * strings, keys and tags, without a run's state, which is pake.c's.
 *
 * Names are the draft's: PRS the password, CI the context, sid the session,
 * Ya and ADa the share and the associated data of party A. What is appended
 * is secret unless it is said otherwise; tg_buf_free() wipes it.
 * Source: draft-irtf-cfrg-cpace-21.
 */
#ifndef CLIENT_CPACE_H
#define CLIENT_CPACE_H

#include "base/bytes.h"
#include "crypto/group.h"
#include "crypto/hash.h"

struct cpace_inputs {
    struct tg_span prs;
    struct tg_span ci;
    struct tg_span sid;
};

/* What one party tells the other. */
struct cpace_message {
    struct tg_span share;
    struct tg_span associated;
};

struct cpace_key {
    uint8_t bytes[SHA512_LEN];
};

/* Append the length of each part in LEB128, then the part. TG_E_NOMEM: *out
 * may have grown. Source: lv_cat() of the draft. */
TG_MUST_USE enum tg_err cpace_lv_cat(const struct tg_span *parts, size_t count,
                                     struct tg_buf *out);

/* Append generator_string(). TG_E_NOMEM: *out may have grown. */
TG_MUST_USE enum tg_err cpace_generator_string(const struct cpace_inputs *in,
                                               struct tg_buf *out);

/* calculate_generator(). TG_E_NOMEM, TG_E_CRYPTO. */
TG_MUST_USE enum tg_err cpace_generator(const struct cpace_inputs *in,
                                        struct group_element *out);

/* Append transcript_ir(), which is no secret. TG_E_NOMEM: *out may have
 * grown. */
TG_MUST_USE enum tg_err cpace_transcript(const struct cpace_message *a,
                                         const struct cpace_message *b,
                                         struct tg_buf *out);

/* ISK from K, the product of one scalar and the other share.
 * TG_E_NOMEM, TG_E_CRYPTO. */
TG_MUST_USE enum tg_err cpace_isk(struct tg_span sid,
                                  const struct group_element *product,
                                  struct tg_span transcript,
                                  struct cpace_key *out);

/* The tag with which the party that sent `message` confirms the key.
 * TG_E_NOMEM, TG_E_CRYPTO. Source: the draft's "Key confirmation". */
TG_MUST_USE enum tg_err cpace_tag(struct tg_span sid,
                                  const struct cpace_key *isk,
                                  const struct cpace_message *message,
                                  uint8_t out[SHA512_LEN]);

#endif
