/* attest_create RELAY CA DIRECTORY [ORIGIN RP_ID]: a wallet that keeps its own
 * state, and so calls relays without shares.
 *
 * Makes one mailbox, with a statement of the software authenticator in
 * DIRECTORY ("-": none) that names ORIGIN and RP_ID. Prints the name of the
 * result, and the relay's detail.
 */
#include <stdio.h>
#include <string.h>

#include <tigress/tigress.h>

#include "authenticator/authenticator.h"

enum { WITHOUT_ORIGIN = 4, WITH_ORIGIN = 6 };

static enum tg_err
create(struct tg_relay_client *client, const char *relay)
{
    static const uint8_t sealed[64] = {1};
    const struct tg_relay_call call = {
        .relay = relay,
        .claim = "0f0e0d0c-0b0a-4908-8706-050403020100",
        .request_id = "12345678-9abc-4def-8123-456789abcdef",
    };
    const struct tg_relay_offer offer = {
        .payload_type = "AEAD_AES_128_GCM",
        .payload = {sealed, sizeof(sealed)},
        .title = "title",
        .description = "description",
        .image_url = "https://image.example/i.png",
    };
    struct tg_relay_answer *answer = NULL;
    enum tg_err err = tg_relay_client_create(client, &call, &offer, &answer);

    tg_relay_answer_free(answer);
    return err;
}

int
main(int argc, char **argv)
{
    struct authenticator *authenticator = NULL;
    struct tg_attestation_provider provider;
    struct tg_relay_client *client = NULL;
    struct tg_allow_list *allowed = NULL;

    if ((argc != WITHOUT_ORIGIN && argc != WITH_ORIGIN) ||
        tg_allow_list_new(&allowed) != TG_OK ||
        tg_allow_list_add(allowed, argv[1]) != TG_OK ||
        tg_relay_client_new(allowed, &client) != TG_OK ||
        tg_relay_client_set_ca_file(client, argv[2]) != TG_OK)
        return 2;
    if (strcmp(argv[3], "-") != 0) {
        if (authenticator_open(argv[3], AUTHENTICATOR_ANY, &authenticator) !=
            TG_OK)
            return 2;
        provider = *authenticator_provider(authenticator);
        if (argc == WITH_ORIGIN) {
            provider.origin = argv[4];
            provider.rp_id = argv[5];
        }
        tg_relay_client_set_attestation(client, &provider);
    }
    printf("%s\n", tg_err_name(create(client, argv[1])));
    printf("%s\n", tg_relay_client_detail(client));
    tg_relay_client_free(client);
    authenticator_free(authenticator);
    tg_allow_list_free(allowed);
    return 0;
}
