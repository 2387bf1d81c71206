/* See anchor.h; DECISION(11). */
#include "attest/anchor.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

enum { GROUP_LEN = 32, UNIT_LEN = 64 };

static bool
is_on_p256(X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    char group[GROUP_LEN];

    return key != NULL &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* What a device's own certificate has: fido-u2f's a key on P-256 (§8.6 step 2),
 * packed's these words (§8.2.1), and tpm's purposes and no name (§8.3.1). */
static bool
is_of_device(X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    char unit[UNIT_LEN];

    if (is_on_p256(certificate))
        return true;
    if (X509_NAME_entry_count(name) == 0)
        return X509_get_extended_key_usage(certificate) != UINT32_MAX;
    return X509_NAME_get_text_by_NID(name, NID_organizationalUnitName, unit,
                                     sizeof(unit)) > 0 &&
           strcmp(unit, "Authenticator Attestation") == 0;
}

/* What signs a statement, and was not plainly made for other work. */
static bool
signs_statements(X509 *certificate)
{
    const uint32_t other =
        XKU_SSL_SERVER | XKU_SSL_CLIENT | XKU_SMIME | XKU_CODE_SIGN;
    uint32_t uses = X509_get_extended_key_usage(certificate);

    return (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) != 0 &&
           (uses == UINT32_MAX || (uses & other) == 0) &&
           is_of_device(certificate);
}

const char *
anchor_fault(X509 *certificate)
{
    if (X509_check_ca(certificate) == 0 && !signs_statements(certificate))
        return "is not one of a certificate authority, and none with which a "
               "device signs";
    if ((X509_get_extension_flags(certificate) & EXFLAG_CRITICAL) != 0)
        return "has an extension that is critical and not known here, so that "
               "nothing can lead to it";
    return NULL;
}
