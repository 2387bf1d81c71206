/* libtigress: share a digital credential between two devices through a relay.
 *
 * The whole of the API. What a wallet usually needs is wallet.h and share.h,
 * a relay_client.h to talk with and an allow_list.h that says to whom; the
 * other headers are the pieces those are made of.
 *
 * No function keeps a global state of its own or starts a thread. An object
 * is used by one thread at a time; different objects may be used at once.
 * Passing NULL where a header does not allow it is a bug of the caller and
 * ends the program (assert), input from outside never does.
 */
#ifndef TIGRESS_TIGRESS_H
#define TIGRESS_TIGRESS_H

#include <tigress/allow_list.h>
#include <tigress/attestation.h>
#include <tigress/bytes.h>
#include <tigress/error.h>
#include <tigress/order.h>
#include <tigress/payload.h>
#include <tigress/pin.h>
#include <tigress/provisioning.h>
#include <tigress/relay_client.h>
#include <tigress/relay_info.h>
#include <tigress/role.h>
#include <tigress/share.h>
#include <tigress/share_url.h>
#include <tigress/wallet.h>

#endif
