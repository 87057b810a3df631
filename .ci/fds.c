/* Lists the descriptors that are open at the exit of a test's process and were not at its start.
 *
 * A library for LD_PRELOAD, which `.ci/fds` builds. FDS_OUT names the file to append to: a line
 * "PROGRAM TEST<tab>ended" for each process, and a line "PROGRAM TEST<tab>TARGET" for each
 * descriptor, where TARGET is that of its link in /proc/self/fd. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char known[65536];
static char test[256];

/* Calls f with each descriptor of the process that is not the listing's own. */
static void each(void (*f)(int, void *), void *arg) {
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(dir)) f(fd, arg);
    }
    closedir(dir);
}

static void remember(int fd, void *arg) {
    (void)arg;
    if (fd < (int)sizeof known) known[fd] = 1;
}

static void report(int fd, void *arg) {
    char path[64], target[256] = {0}, line[600];
    if (fd < (int)sizeof known && known[fd]) return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, target, sizeof target - 1) < 0) return;
    char *end = strchr(target, '[');
    if (end && strncmp(target, "anon_inode", 10)) *end = 0;
    int length = snprintf(line, sizeof line, "%s\t%s\n", test, target);
    if (write(*(int *)arg, line, length) != length) abort();
}

/* A test's own process is told from its children by libtest's flag. */
__attribute__((constructor)) static void start(int argc, char **argv) {
    const char *name = strrchr(argv[0], '/');
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--exact") && name)
            snprintf(test, sizeof test, "%s %s", name + 1,
                     argv[1][0] == '-' ? argv[i + 1] : argv[1]);
    each(remember, NULL);
}

__attribute__((destructor)) static void stop(void) {
    const char *out = getenv("FDS_OUT");
    if (!test[0] || !out) return;
    int fd = open(out, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) abort();
    char line[600];
    int length = snprintf(line, sizeof line, "%s\tended\n", test);
    if (write(fd, line, length) != length) abort();
    if (fd < (int)sizeof known) known[fd] = 1;
    each(report, &fd);
}
