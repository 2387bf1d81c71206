/* tigress-relay: options in, a configuration of nginx out, exec. What becomes
 * of the process is nginx itself: signals and exit status are its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/nginx_conf.h"
#include "launch/options.h"
#include "launch/place.h"
#include "store/postgres/pg_store.h"

enum { EXIT_USAGE = 2 };

enum run { RUN_TEST, RUN_SERVE };

/* Become nginx; returns only when that fails. */
static void
become_nginx(const struct place *place, const char *conf, enum run how)
{
    const char *test = how == RUN_TEST ? "-tq" : NULL;

    execl(place->nginx, place->nginx, "-c", conf, "-p", place->state, "-e",
          "stderr", test, (char *)NULL);
    place_complain("cannot run %s: %s", place->nginx, strerror(errno));
}

static bool
write_all(int fd, const struct tg_buf *text)
{
    for (size_t done = 0; done < text->len;) {
        ssize_t n = write(fd, text->ptr + done, text->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* Write the configuration beside its old version, then in its place. */
static bool
write_conf(const struct options *options, const struct place *place,
           const char *conf)
{
    char fresh[PATH_MAX + sizeof("/nginx.conf.new")];
    struct tg_buf text = TG_BUF_EMPTY;
    bool ok;
    int fd;

    snprintf(fresh, sizeof(fresh), "%s/nginx.conf.new", place->state);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ok = fd >= 0 &&
         nginx_conf_write(options, &place->site, &text) == TG_OK &&
         write_all(fd, &text);
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    tg_buf_free(&text);
    ok = ok && rename(fresh, conf) == 0;
    if (!ok)
        place_complain("cannot write %s: %s", conf, strerror(errno));
    return ok;
}

/* Let nginx judge its configuration first: what it finds is on standard error
 * and names the line; then say where to look. */
static bool
test_conf(const struct place *place, const char *conf)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        become_nginx(place, conf, RUN_TEST);
        _exit(EXIT_FAILURE);
    }
    if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
        return true;
    place_complain("%s refuses %s, for the reason above. If that is the "
                   "module (\"not binary compatible\", \"version ... instead "
                   "of ...\"), build it against this very nginx: see "
                   "tools/nginx-unpack", place->nginx, conf);
    return false;
}

static int
serve(const struct options *options)
{
    char conf[PATH_MAX + sizeof("/nginx.conf")];
    struct place place;

    if (!place_prepare(options, &place))
        return EXIT_FAILURE;
    snprintf(conf, sizeof(conf), "%s/nginx.conf", place.state);
    if (write_conf(options, &place, conf) && test_conf(&place, conf))
        become_nginx(&place, conf, RUN_SERVE);
    return EXIT_FAILURE;
}

/* ---- the tables of a database ------------------------------------------ */

static void
complain(void *self, const char *text)
{
    (void)self;
    place_complain("%s", text);
}

static int
migrate(const struct options *options)
{
    const struct pg_options database = {.uri = options->store,
                                        .complain = complain};

    if (pg_store_migrate(&database) != TG_OK)
        return EXIT_FAILURE;
    puts("tigress-relay: the tables are as this relay wants them");
    return EXIT_SUCCESS;
}

static bool
check(const struct options *options, struct options_error *error)
{
    const char *problem = NULL;

    if (options->migrate ? !options_check_migrate(options, error)
                         : !options_check(options, error))
        return false;
    if (options_names_database(options))
        problem = pg_store_check_uri(options->store);
    *error = (struct options_error){problem, "--store:"};
    return problem == NULL;
}

int
main(int argc, char *argv[])
{
    struct options options;
    struct options_error error;
    bool is_parsed = options_parse(argc, argv, &options, &error);

    if (is_parsed && options.help) {
        options_print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (is_parsed && options.version) {
        puts("tigress-relay " TIGRESS_VERSION);
        return EXIT_SUCCESS;
    }
    if (!is_parsed || !check(&options, &error)) {
        place_complain("%s%s%s", error.subject != NULL ? error.subject : "",
                       error.subject != NULL ? " " : "", error.problem);
        return EXIT_USAGE;
    }
    return options.migrate ? migrate(&options) : serve(&options);
}
