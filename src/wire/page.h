/* The pages that a person sees, or a messenger that was sent a share URL
 * (R-PRE-1…4). Internal to wire/. */
#ifndef WIRE_PAGE_H
#define WIRE_PAGE_H

#include "wire/wire.h"

/* 200: what is offered, until when, what to do. Needs the outcome's mailbox,
 * mailbox_id, ids and reader. TG_E_NOMEM: nothing to release. */
TG_MUST_USE enum tg_err page_preview(const struct wire_outcome *outcome,
                                     const struct wire_site *site,
                                     struct wire_answer *out);

/* 404: there is nothing any more (R-PRE-4). Says the same whether there ever
 * was something. TG_E_NOMEM: nothing to release. */
TG_MUST_USE enum tg_err page_gone(const struct wire_ids *ids,
                                  const struct wire_reader *reader,
                                  struct wire_answer *out);

/* The style of both, as it stands between <style> and </style>. */
struct tg_span page_style(void);

#endif
