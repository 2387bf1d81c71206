/* The certificate of a TPM's attestation key (WebAuthn Level 3 §8.3.1). */
#ifndef ATTEST_TPM_CERTIFICATE_H
#define ATTEST_TPM_CERTIFICATE_H

#include "attest/certificate.h"

/* Version 3, an empty subject, a critical alternative name that says which TPM
 * it is (TCG EK Credential Profile §3.2.9), the extended key usage
 * tcg-kp-AIKCertificate, and no certificate authority. */
bool
tpm_certificate_is_right(X509 *certificate);

/* The alternative name's content: exactly one directoryName, in which the
 * TPM's manufacturer, model and version are each named once; the manufacturer
 * in the form that TCG gives it, whoever it is (DECISION(11)). */
bool
tpm_certificate_names_tpm(struct tg_span general_names);

#endif
