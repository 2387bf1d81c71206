/* Names of the errors in <tigress/error.h>. */
#include <tigress/error.h>

const char *
tg_err_name(enum tg_err err)
{
    switch (err) {
    case TG_OK: return "TG_OK";
    case TG_E_NOMEM: return "TG_E_NOMEM";
    case TG_E_IO: return "TG_E_IO";
    case TG_E_FULL: return "TG_E_FULL";
    case TG_E_RANDOM: return "TG_E_RANDOM";
    case TG_E_CRYPTO: return "TG_E_CRYPTO";
    case TG_E_STORE: return "TG_E_STORE";
    case TG_E_LOCKED: return "TG_E_LOCKED";
    case TG_E_FORMAT: return "TG_E_FORMAT";
    case TG_E_LIMIT: return "TG_E_LIMIT";
    case TG_E_AUTH: return "TG_E_AUTH";
    case TG_E_UNKNOWN: return "TG_E_UNKNOWN";
    case TG_E_REPLAY: return "TG_E_REPLAY";
    case TG_E_NOT_FOUND: return "TG_E_NOT_FOUND";
    case TG_E_EXISTS: return "TG_E_EXISTS";
    case TG_E_STATE: return "TG_E_STATE";
    case TG_E_NO_NEWS: return "TG_E_NO_NEWS";
    case TG_E_SEALED: return "TG_E_SEALED";
    case TG_E_UNTRUSTED: return "TG_E_UNTRUSTED";
    case TG_E_NETWORK: return "TG_E_NETWORK";
    case TG_E_TLS: return "TG_E_TLS";
    case TG_E_GONE: return "TG_E_GONE";
    case TG_E_REFUSED: return "TG_E_REFUSED";
    case TG_E_CONFLICT: return "TG_E_CONFLICT";
    case TG_E_BUSY: return "TG_E_BUSY";
    case TG_E_PROTOCOL: return "TG_E_PROTOCOL";
    case TG_E_LIFETIME: return "TG_E_LIFETIME";
    case TG_E_VERSION: return "TG_E_VERSION";
    case TG_E_ATTESTATION: return "TG_E_ATTESTATION";
    case TG_E_LAST: break;
    }
    return "TG_E_?";
}
