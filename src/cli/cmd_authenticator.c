/* tigress authenticator DIR */
#include "attest.h"
#include "authenticator/authenticator.h"
#include "commands.h"

int
cmd_authenticator(struct session *s)
{
    int status = attest_find(s, s->options->operands[1]);
    const char *root;

    if (status != STATUS_DONE)
        return status;
    root = authenticator_root(s->authenticator);
    if (s->out.json) {
        struct output_object o = output_begin("authenticator");

        output_text(&o, "root", root);
        output_end(&o);
        return STATUS_DONE;
    }
    puts(root);
    output_note(&s->out, "A relay that has this file as "
                         "tigress_attestation_root makes shares for whoever "
                         "has this directory. It proves nothing: use it for "
                         "development only.");
    return STATUS_DONE;
}
