/* Statements of others: vectors that lie beside the project, if they do. Each
 * is judged as it is, then spoilt. Nothing of them is copied here.
 *
 * usage: attest_vectors DIRECTORY
 *
 * DIRECTORY/attestation, or that in the environment's TIGRESS_VECTORS, holds
 * w3c-*.json (made by the authors of WebAuthn) and neg-*.json, which are those
 * with one thing wrong. Speaks TAP; skips when there is no such directory.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/formats.h"
#include "attest/trust.h"
#include "base/json.h"
#include "forge.h"

enum { NOW = 1750000000 /* June 2025 */ };
enum { PATH_MOST = 4096, FILE_MOST = 1 << 20 };

/* What is expected of each; and what of the policy is special. */
static const struct expectation {
    const char *name;
    enum attest_reason reason;
    enum attest_format format;
    const char *top_origin; /* configured as well; or NULL */
} expectations[] = {
    {"neg-apple-empty-x5c", ATTEST_STATEMENT, ATTEST_APPLE},
    {"neg-apple-key-off-curve", ATTEST_KEY, ATTEST_APPLE},
    {"neg-apple-leaf-badsig", ATTEST_CHAIN, ATTEST_APPLE},
    {"neg-apple-leaf-of-packed", ATTEST_CERTIFICATE, ATTEST_APPLE},
    {"neg-apple-no-UP", ATTEST_USER_ABSENT, ATTEST_APPLE},
    {"neg-apple-no-x5c", ATTEST_STATEMENT, ATTEST_APPLE},
    {"neg-apple-other-clientdata", ATTEST_CHALLENGE, ATTEST_APPLE},
    {"neg-apple-trailing-cbor", ATTEST_MALFORMED, ATTEST_APPLE},
    {"neg-apple-wrong-rpid", ATTEST_RP_ID, ATTEST_APPLE},
    {"neg-none-with-attstmt", ATTEST_STATEMENT, ATTEST_NONE},
    {"neg-packed-alg-confusion", ATTEST_ALGORITHM, ATTEST_PACKED},
    {"neg-packed-badsig", ATTEST_SIGNATURE, ATTEST_PACKED},
    {"neg-packed-foreign-leaf", ATTEST_SIGNATURE, ATTEST_PACKED},
    {"neg-packed-self-alg-mismatch", ATTEST_ALGORITHM, ATTEST_PACKED},
    {"neg-u2f-two-certs", ATTEST_STATEMENT, ATTEST_FIDO_U2F},
    /* Its lists of authorizations are empty. */
    {"w3c-android-key-es256", ATTEST_KEY_PROPERTIES, ATTEST_ANDROID_KEY},
    {"w3c-apple-es256", ATTEST_FINE, ATTEST_APPLE},
    {"w3c-fido-u2f-es256", ATTEST_FINE, ATTEST_FIDO_U2F},
    {"w3c-none-es256", ATTEST_FINE, ATTEST_NONE},
    {"w3c-none-es256-crossOrigin", ATTEST_FINE, ATTEST_NONE},
    {"w3c-none-es256-long-credential-id", ATTEST_FINE, ATTEST_NONE},
    {"w3c-none-es256-topOrigin", ATTEST_FINE, ATTEST_NONE,
     "https://example.com"},
    {"w3c-packed-ed448", ATTEST_FINE, ATTEST_PACKED},
    {"w3c-packed-eddsa", ATTEST_FINE, ATTEST_PACKED},
    {"w3c-packed-es256", ATTEST_FINE, ATTEST_PACKED},
    {"w3c-packed-es384", ATTEST_FINE, ATTEST_PACKED},
    {"w3c-packed-es512", ATTEST_FINE, ATTEST_PACKED},
    {"w3c-packed-rs256", ATTEST_FINE, ATTEST_PACKED},
    {"w3c-packed-self-es256", ATTEST_FINE, ATTEST_PACKED},
    {"w3c-tpm-es256", ATTEST_FINE, ATTEST_TPM},
};
enum { EXPECTATIONS = sizeof(expectations) / sizeof(expectations[0]) };

/* A vector, and what it is judged by. */
struct vector {
    struct tg_json *json;
    struct tg_buf client_data;
    struct tg_buf object;
    uint8_t challenge[ATTEST_HASH_LEN];
    uint8_t rp_id_hash[1][ATTEST_HASH_LEN];
    struct tg_span origins[2];
    struct attest_trust *trust;
    struct attest_policy policy;
    bool has_root;
    bool has_challenge; /* of our length; see judge() */
};

static int count;
static int failures;

static void
report(const char *vector, const char *sentence, bool is_fine)
{
    count++;
    failures += !is_fine;
    printf("%s %d - %s: %s\n", is_fine ? "ok" : "not ok", count, vector,
           sentence);
}

static void
die(const char *name, const char *why)
{
    fprintf(stderr, "vectors: %s: %s\n", name, why);
    exit(1);
}

static struct tg_span
text_of(const struct vector *v, const char *member)
{
    struct tg_span text;

    if (!tg_json_text(tg_json_member(v->json, member), &text))
        die(member, "is missing in a vector");
    return text;
}

static void
hex_of(const struct vector *v, const char *member, struct tg_buf *out)
{
    forge_hex(out, (const char *)text_of(v, member).ptr);
}

static void
read_json(struct vector *v, const char *path)
{
    static uint8_t content[FILE_MOST];
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL)
        die(path, "cannot be read");
    len = fread(content, 1, sizeof(content), file);
    fclose(file);
    if (tg_json_parse((struct tg_span){content, len}, &v->json) != TG_OK)
        die(path, "is no JSON");
}

/* The root of a vector, in a file as an operator would have it. */
static void
trust_root(struct vector *v)
{
    struct attest_trust_error error;
    struct tg_buf der = TG_BUF_EMPTY;
    struct tg_buf pem = TG_BUF_EMPTY;
    const unsigned char *p;
    char path[FORGE_PATH];
    X509 *root;

    if ((v->trust = attest_trust_new()) == NULL)
        die("trust", "no memory");
    v->has_root = tg_json_member(v->json, "trust_anchor_der_hex") != NULL;
    if (!v->has_root)
        return;
    hex_of(v, "trust_anchor_der_hex", &der);
    p = der.ptr;
    if ((root = d2i_X509(NULL, &p, (long)der.len)) == NULL)
        die("trust_anchor_der_hex", "is no certificate");
    forge_certificate_pem(&pem, root);
    forge_file(path, tg_span_buf(&pem));
    if (attest_trust_add_roots(v->trust, path, NOW, &error) != TG_OK)
        die("trust_anchor_der_hex", error.text);
    forge_file_done(path);
    X509_free(root);
    tg_buf_free(&der);
    tg_buf_free(&pem);
}

static void
begin(struct vector *v, const char *path, const struct expectation *e)
{
    struct tg_buf challenge = TG_BUF_EMPTY;

    *v = (struct vector){.client_data = TG_BUF_EMPTY};
    read_json(v, path);
    hex_of(v, "clientDataJSON_hex", &v->client_data);
    hex_of(v, "attestationObject_hex", &v->object);
    hex_of(v, "challenge_hex", &challenge);
    v->has_challenge = challenge.len == ATTEST_HASH_LEN;
    if (v->has_challenge)
        memcpy(v->challenge, challenge.ptr, ATTEST_HASH_LEN);
    tg_buf_free(&challenge);
    forge_sha256(text_of(v, "rpId"), v->rp_id_hash[0]);
    v->origins[0] = text_of(v, "origin");
    if (e->top_origin != NULL)
        v->origins[1] = tg_span_text(e->top_origin);
    trust_root(v);
    v->policy = (struct attest_policy){
        .rule = ATTEST_REQUIRED,
        .formats = 1u << e->format,
        .packed_self = true,
        .origins = v->origins,
        .origin_count = e->top_origin != NULL ? 2 : 1,
        .rp_id_hashes = (const uint8_t(*)[ATTEST_HASH_LEN])v->rp_id_hash,
        .rp_id_count = 1,
        .trust = v->trust,
    };
}

static void
end(struct vector *v)
{
    attest_trust_free(v->trust);
    tg_json_free(v->json);
    tg_buf_free(&v->client_data);
    tg_buf_free(&v->object);
}

/* By its format alone. */
static enum attest_reason
judge_format(struct tg_span header, const struct attest_policy *policy,
             tg_time_s now)
{
    struct attest_verdict verdict = {0};
    struct attest_statement statement;
    enum attest_reason reason;

    reason = attest_statement_read(header, &statement, &verdict);
    if (reason != ATTEST_FINE)
        return reason;
    reason = attest_format_procedure(statement.format)(&statement, policy, now);
    attest_statement_done(&statement);
    return reason;
}

/* Our challenges are digests (D9). One vector's is longer, and can only be
 * refused as a whole. */
static enum attest_reason
judge(const struct vector *v, const struct attest_policy *policy,
      tg_time_s now)
{
    struct tg_buf header = TG_BUF_EMPTY;
    struct tg_buf json = TG_BUF_EMPTY;
    enum attest_reason reason;

    forge_append(&json, TG_SPAN_LITERAL("{\"clientDataJSON\":\""));
    forge_base64url(&json, tg_span_buf(&v->client_data));
    forge_append(&json, TG_SPAN_LITERAL("\",\"attestationObject\":\""));
    forge_base64url(&json, tg_span_buf(&v->object));
    forge_append(&json, TG_SPAN_LITERAL("\"}"));
    forge_base64url(&header, tg_span_buf(&json));
    reason = attest_verify(policy, tg_span_buf(&header), v->challenge, now)
                 .reason;
    if (!v->has_challenge && reason == ATTEST_CHALLENGE)
        reason = judge_format(tg_span_buf(&header), policy, now);
    tg_buf_free(&header);
    tg_buf_free(&json);
    return reason;
}

/* Where a bit may be turned without anybody's signature being wrong. */
static bool
is_unsigned(const struct vector *v, const struct expectation *e, size_t at)
{
    static const char name[] = "authData";
    const uint8_t *found =
        memmem(v->object.ptr, v->object.len, name, sizeof(name) - 1);
    size_t auth_data = (size_t)(found - v->object.ptr) + sizeof(name) - 1;

    /* U2F signs neither flags, nor counter, nor AAGUID (§8.6): they stand
     * behind a head of two bytes and the RP ID's hash. */
    auth_data += 2 + ATTEST_HASH_LEN;
    return e->format == ATTEST_FIDO_U2F && at >= auth_data &&
           at < auth_data + 5 + FORGE_AAGUID;
}

static void
turn_every_bit(struct vector *v, const struct expectation *e)
{
    size_t accepted = 0;

    for (size_t i = 0; i < v->object.len; i++) {
        uint8_t bit = (uint8_t)(1u << i % 8);

        v->object.ptr[i] ^= bit;
        if (judge(v, &v->policy, NOW) == ATTEST_FINE && !is_unsigned(v, e, i)) {
            printf("# byte %zu of %zu\n", i, v->object.len);
            accepted++;
        }
        v->object.ptr[i] ^= bit;
    }
    report(e->name, "one bit turned in any byte is refused", accepted == 0);
}

/* What the client data and the policy say. */
static void
spoil_policy(struct vector *v, const struct expectation *e)
{
    struct attest_policy other = v->policy;

    v->challenge[0] ^= 1;
    report(e->name, "another challenge is refused",
           judge(v, &v->policy, NOW) == ATTEST_CHALLENGE);
    v->challenge[0] ^= 1;
    other.origin_count = 0;
    report(e->name, "without its origin it is refused",
           judge(v, &other, NOW) == ATTEST_ORIGIN);
    other = v->policy;
    other.rp_id_count = 0;
    report(e->name, "without its RP ID it is refused",
           judge(v, &other, NOW) == ATTEST_RP_ID);
    other = v->policy;
    other.formats = ~other.formats;
    report(e->name, "without its format it is refused",
           judge(v, &other, NOW) == ATTEST_FORMAT_REFUSED);
    if (e->top_origin != NULL) {
        other = v->policy;
        other.origin_count = 1;
        report(e->name, "without the origin of the page it is refused",
               judge(v, &other, NOW) == ATTEST_ORIGIN);
    }
}

static void
spoil_trust(struct vector *v, const struct expectation *e)
{
    struct attest_trust *nobody = attest_trust_new();
    struct attest_policy other = v->policy;

    if (nobody == NULL)
        die(e->name, "no memory");
    other.trust = nobody;
    report(e->name, "without its root it is refused",
           judge(v, &other, NOW) == ATTEST_CHAIN);
    report(e->name, "before its root was made it is refused",
           judge(v, &v->policy, 0) == ATTEST_CHAIN);
    attest_trust_free(nobody);
}

static void
spoil(struct vector *v, const struct expectation *e)
{
    if (v->has_challenge)
        spoil_policy(v, e);
    if (v->has_root)
        spoil_trust(v, e);
    if (e->format != ATTEST_NONE)
        turn_every_bit(v, e);
}

static void
check(const char *directory, const struct expectation *e)
{
    char path[PATH_MOST + 128];
    char sentence[128];
    enum attest_reason reason;
    struct vector v;

    (void)snprintf(path, sizeof(path), "%s/%s.json", directory, e->name);
    if (access(path, R_OK) != 0) {
        printf("ok %d - %s # SKIP it is not there\n", ++count, e->name);
        return;
    }
    begin(&v, path, e);
    reason = judge(&v, &v.policy, NOW);
    (void)snprintf(sentence, sizeof(sentence), "%s",
                   attest_reason_text(e->reason));
    if (reason != e->reason)
        printf("# got: %s\n", attest_reason_text(reason));
    report(e->name, sentence, reason == e->reason);
    if (e->reason == ATTEST_FINE && reason == ATTEST_FINE)
        spoil(&v, e);
    end(&v);
}

/* Roots that lie there can be configured, those of Apple among them. */
static void
check_root(const char *directory, const char *name)
{
    struct attest_trust_error error = {.text = ""};
    struct attest_trust *trust = attest_trust_new();
    char path[PATH_MOST + 256];

    if (trust == NULL)
        die(name, "no memory");
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    report(name, "it can be a root",
           attest_trust_add_roots(trust, path, NOW, &error) == TG_OK &&
               attest_trust_root_count(trust) == 1);
    if (error.text[0] != '\0')
        printf("# %s\n", error.text);
    attest_trust_free(trust);
}

/* A vector that nobody has judged would look as if it were accepted. */
static void
check_directory(const char *directory)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    bool are_known = true;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        bool is_known = false;

        if (len > 4 && strcmp(entry->d_name + len - 4, ".pem") == 0)
            check_root(directory, entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
            continue;
        for (size_t i = 0; i < EXPECTATIONS; i++)
            is_known |= strlen(expectations[i].name) == len - 5 &&
                        memcmp(expectations[i].name, entry->d_name,
                               len - 5) == 0;
        if (!is_known)
            printf("# %s\n", entry->d_name);
        are_known &= is_known;
    }
    if (dir != NULL)
        closedir(dir);
    report("all", "something is expected of each", are_known);
}

int
main(int argc, char **argv)
{
    const char *elsewhere = getenv("TIGRESS_VECTORS");
    char directory[PATH_MOST];

    if (argc != 2) {
        fprintf(stderr, "usage: attest_vectors DIRECTORY\n");
        return 2;
    }
    (void)snprintf(directory, sizeof(directory), "%s/attestation",
                   elsewhere != NULL ? elsewhere : argv[1]);
    if (access(directory, R_OK) != 0) {
        printf("1..0 # SKIP no vectors at %s; TIGRESS_VECTORS may say where\n",
               directory);
        return 0;
    }
    for (size_t i = 0; i < EXPECTATIONS; i++)
        check(directory, &expectations[i]);
    check_directory(directory);
    printf("1..%d\n", count);
    return failures > 0;
}
