/* Whose a file of tigress-push may be, and who else may get at it. */
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "push/guard.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { OTHER = 4242, NOBODY = 65534 };

struct row {
    uid_t uid;
    gid_t gid;
    mode_t mode;
    const char *secret; /* what is said of a secret file; NULL: it is ours */
    const char *open;   /* and of one that is not */
};

static void
check(const char *said, const char *expected, const struct row *row)
{
    if ((said == NULL) != (expected == NULL) ||
        (said != NULL && strstr(said, expected) == NULL))
        fail_msg("%o of %u:%u: %s", row->mode, row->uid, row->gid,
                 said != NULL ? said : "ours");
}

static void
judge(const struct row *rows, size_t count, const char *workers)
{
    char why[GUARD_WHY_MOST];

    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct stat st = {.st_uid = row->uid, .st_gid = row->gid,
                          .st_mode = S_IFREG | row->mode};

        check(guard_is_ours(&st, "/f", GUARD_SECRET, workers, why) ? NULL
                                                                   : why,
              row->secret, row);
        check(guard_is_ours(&st, "/f", GUARD_PUBLIC, workers, why) ? NULL
                                                                   : why,
              row->open, row);
    }
}

/* As a user who is not root, when the test is run by root. */
static int
be_somebody(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return 0;
    return setegid(NOBODY) != 0 || seteuid(NOBODY) != 0;
}

static int
be_oneself(void **state)
{
    (void)state;
    return seteuid(getuid()) != 0 || setegid(getgid()) != 0;
}

static void
nobody_else_may_change_a_file_and_the_workers_may_not_read_it(void **state)
{
    static const char all_read[] = "every user of this machine may read it";
    static const char all_change[] = "every user of this machine may change";
    static const char workers_read[] = "workers, may read it";
    static const char workers_change[] = "workers, may change it";
    static const char group_change[] = "may change it";
    const struct group *workers = getgrnam("daemon");
    uid_t us = geteuid();
    gid_t ours = getegid();
    gid_t theirs;

    (void)state;
    if (workers == NULL || workers->gr_gid == ours)
        skip();
    theirs = workers->gr_gid;
    {
        const struct row rows[] = {
            {us, ours, 0600, NULL, NULL},
            {us, ours, 0400, NULL, NULL},
            {0, 0, 0600, NULL, NULL},
            {0, ours, 0640, NULL, NULL},
            {0, 0, 0440, NULL, NULL}, /* systemd's LoadCredential= */
            {0, OTHER, 0640, NULL, NULL},
            {us, ours, 0660, NULL, NULL},
            {us, 0, 0660, NULL, NULL},
            {us, theirs, 0600, NULL, NULL},
            {us, theirs, 0640, workers_read, NULL},
            {0, theirs, 0640, workers_read, NULL},
            {us, theirs, 0610, workers_read, NULL},
            {us, theirs, 0620, workers_change, workers_change},
            {us, theirs, 0660, workers_change, workers_change},
            {us, OTHER, 0620, group_change, group_change},
            {0, OTHER, 0660, group_change, group_change},
            {us, ours, 0604, all_read, NULL},
            {us, ours, 0644, all_read, NULL},
            {us, ours, 0601, all_read, NULL},
            {us, ours, 0602, all_change, all_change},
            {us, ours, 0666, all_change, all_change},
            {us, theirs, 0666, all_change, all_change},
            {OTHER, ours, 0600, "the user 4242, its owner, may change",
             "the user 4242, its owner, may change"},
            {OTHER, ours, 0444, all_read, "its owner"},
        };

        judge(rows, COUNT(rows), "daemon");
    }
}

static void
without_a_group_of_workers_any_group_may_read(void **state)
{
    const struct row rows[] = {
        {geteuid(), OTHER, 0640, NULL, NULL},
        {geteuid(), OTHER, 0660, "may change it", "may change it"},
    };

    (void)state;
    judge(rows, COUNT(rows), NULL);
    judge(rows, COUNT(rows), "no such group");
}

static void
root_believes_any_owner(void **state)
{
    const struct row rows[] = {
        {OTHER, OTHER, 0600, NULL, NULL},
        {OTHER, OTHER, 0640, NULL, NULL},
        {OTHER, OTHER, 0620, "may change it", "chown tigress-push /f"},
        {OTHER, OTHER, 0602, "chown tigress-push /f", "chmod 0644 /f"},
    };

    (void)state;
    if (geteuid() != 0)
        skip();
    judge(rows, COUNT(rows), NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            nobody_else_may_change_a_file_and_the_workers_may_not_read_it,
            be_somebody, be_oneself),
        cmocka_unit_test_setup_teardown(
            without_a_group_of_workers_any_group_may_read, be_somebody,
            be_oneself),
        cmocka_unit_test(root_believes_any_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
