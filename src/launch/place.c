/* See place.h. */
#include "launch/place.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PORT_TRIES = 20 }; /* a tenth of a second apart */

void
place_complain(const char *format, ...)
{
    va_list args;

    fputs("tigress-relay: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* ---- files ------------------------------------------------------------- */

static bool
find_file(const char *option, const char *path, char out[PATH_MAX])
{
    if (realpath(path, out) != NULL && access(out, R_OK) == 0)
        return true;
    place_complain("%s: cannot read %s: %s", option, path, strerror(errno));
    return false;
}

/* `name` with its directory, or found in one of those that PATH names. */
static bool
find_program(const char *name, char out[PATH_MAX])
{
    const char *path = getenv("PATH");
    char *list;
    char *next;

    if (strchr(name, '/') != NULL)
        return realpath(name, out) != NULL && access(out, X_OK) == 0;
    /* nginx lives in a directory that ordinary users often lack. */
    if (asprintf(&list, "%s:/usr/sbin:/usr/local/sbin",
                 path == NULL ? "" : path) < 0)
        return false;
    next = list;
    for (char *dir; (dir = strsep(&next, ":")) != NULL;) {
        char candidate[PATH_MAX];

        if (snprintf(candidate, sizeof(candidate), "%s/%s", dir, name) <
                (int)sizeof(candidate) &&
            access(candidate, X_OK) == 0 && realpath(candidate, out) != NULL) {
            free(list);
            return true;
        }
    }
    free(list);
    return false;
}

static bool
find_files(const struct options *options, struct place *out)
{
    if (!find_program(options->nginx, out->nginx)) {
        place_complain("--nginx: there is no program %s: install the package "
                       "nginx, or name one (tools/nginx-unpack fetches a copy "
                       "without installing it)", options->nginx);
        return false;
    }
    if (!find_file("--module", options->module, out->module))
        return false;
    if (options->insecure_loopback)
        return true;
    return find_file("--tls-cert", options->tls_cert, out->tls_cert) &&
           find_file("--tls-key", options->tls_key, out->tls_key);
}

/* ---- directories ------------------------------------------------------- */

/* Make `path` if it is not there, ours alone; its absolute form in `out`. */
static bool
make_directory(const char *option, const char *path, char out[PATH_MAX])
{
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        place_complain("%s: cannot make directory %s: %s", option, path,
                       strerror(errno));
        return false;
    }
    if (realpath(path, out) == NULL || stat(out, &st) != 0 ||
        !S_ISDIR(st.st_mode)) {
        place_complain("%s: %s is no directory", option, path);
        return false;
    }
    return true;
}

static bool
make_state(const struct options *options, struct place *out)
{
    if (!make_directory("--state", options->state, out->state))
        return false;
    if (chmod(out->state, 0700) != 0 || access(out->state, W_OK | X_OK) != 0) {
        place_complain("--state: cannot write in %s: %s", out->state,
                       strerror(errno));
        return false;
    }
    return true;
}

/* The store belongs to the workers. */
static bool
make_store(const struct options *options, struct place *out)
{
    char inside[PATH_MAX + sizeof("/store")];
    const struct passwd *user;
    const char *path = inside;

    if (options_names_database(options))
        return true;
    snprintf(inside, sizeof(inside), "%s/store", out->state);
    if (options->store != NULL)
        path = options->store + sizeof("lmdb:") - 1;
    if (!make_directory("--store", path, out->store))
        return false;
    if (out->site.user == NULL)
        return true;
    user = getpwnam(out->user);
    if (user == NULL || chown(out->store, user->pw_uid, user->pw_gid) != 0 ||
        chmod(out->store, 0700) != 0) {
        place_complain("--store: cannot give %s to the user %s: %s",
                       out->store, out->user, strerror(errno));
        return false;
    }
    return true;
}

/* ---- user, port, limits ------------------------------------------------ */

/* Only root can choose: the workers then give up all that root may do. */
static bool
find_user(const struct options *options, struct place *out)
{
    const char *name = options->user != NULL ? options->user : "nobody";
    const struct passwd *user;
    const struct group *group;

    if (geteuid() != 0) {
        if (options->user == NULL)
            return true;
        place_complain("--user: only root can start workers as another user");
        return false;
    }
    if ((user = getpwnam(name)) == NULL ||
        (group = getgrgid(user->pw_gid)) == NULL) {
        place_complain("--user: there is no user %s", name);
        return false;
    }
    snprintf(out->user, sizeof(out->user), "%s", user->pw_name);
    snprintf(out->group, sizeof(out->group), "%s", group->gr_name);
    out->site.user = out->user;
    out->site.group = out->group;
    return true;
}

/* Try the port, since nginx would try for seconds and say less. */
static bool
is_bindable(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    bool ok;
    int error;

    if (fd < 0)
        return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ok = bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
         listen(fd, 1) == 0;
    error = errno;
    close(fd);
    errno = error;
    return ok;
}

/* A relay that was killed a moment ago holds the port until its last write to
 * the disk has returned. */
static bool
becomes_bindable(const struct addrinfo *address)
{
    static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};

    for (int tries = 0; tries < PORT_TRIES; tries++) {
        if (is_bindable(address))
            return true;
        if (errno != EADDRINUSE)
            return false;
        nanosleep(&pause, NULL);
    }
    errno = EADDRINUSE;
    return false;
}

static const char *
advice_on_port(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another program has this port: end it or choose another";
    case EACCES:
        return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
        return "this machine has no such address";
    default:
        return "check the address";
    }
}

static bool
check_port(const struct options *options)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                          .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[256] = "";
    const char *colon = strrchr(options->listen, ':');
    size_t len = (size_t)(colon - options->listen);
    bool ok;

    if (len < sizeof(host))
        memcpy(host, options->listen, len);
    if (host[0] == '[' && host[len - 1] == ']') {
        memmove(host, host + 1, len);
        host[len - 2] = '\0';
    }
    if (strcmp(host, "*") == 0)
        memcpy(host, "0.0.0.0", sizeof("0.0.0.0"));
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
        place_complain("--listen: there is no address %s", host);
        return false;
    }
    if (!(ok = becomes_bindable(found)))
        place_complain("--listen: cannot listen on %s: %s; %s",
                       options->listen, strerror(errno),
                       advice_on_port(errno));
    freeaddrinfo(found);
    return ok;
}

/* As many open files as the system lets us have. */
static unsigned long
raise_open_files(void)
{
    struct rlimit limit = {1024, 1024};

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    return (unsigned long)limit.rlim_cur;
}

bool
place_prepare(const struct options *options, struct place *out)
{
    memset(out, 0, sizeof(*out));
    if (!find_files(options, out) || !find_user(options, out) ||
        !make_state(options, out) || !make_store(options, out) ||
        !check_port(options))
        return false;
    out->site.state = out->state;
    out->site.store = out->store;
    out->site.tls_cert = out->tls_cert;
    out->site.tls_key = out->tls_key;
    out->site.module = out->module;
    out->site.open_files = raise_open_files();
    return true;
}
