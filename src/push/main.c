/* tigress-push: doorbells in, pushes out. Options here, work in daemon.c. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "push/daemon.h"

enum { EXIT_USAGE = 2 };

static const char help[] =
    "usage: tigress-push [OPTION]...\n"
    "\n"
    "Rings devices through the push services of Apple, Google and browsers\n"
    "when the relay's workers ask for it.\n"
    "\n"
    "  --config FILE  the configuration; default: /etc/tigress/push.conf\n"
    "  --check        say whether it is right, and end\n"
    "  --help         print this\n"
    "  --version      print the version\n"
    "\n"
    "SIGHUP: read the configuration anew. SIGTERM: deliver what is due, end.\n";

int
main(int argc, char *argv[])
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0}};
    const char *config = "/etc/tigress/push.conf";
    bool is_check = false;

    for (int option;
         (option = getopt_long(argc, argv, "", options, NULL)) >= 0;)
        switch (option) {
        case 'f':
            config = optarg;
            break;
        case 'c':
            is_check = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_SUCCESS;
        case 'v':
            puts("tigress-push " TIGRESS_VERSION);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE; /* getopt has said why */
        }
    if (optind < argc) {
        fputs("tigress-push: it takes options alone: see --help\n", stderr);
        return EXIT_USAGE;
    }
    if (is_check ? daemon_check(config) : daemon_run(config))
        return EXIT_SUCCESS;
    return EXIT_FAILURE;
}
