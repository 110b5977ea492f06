// Children: starting them, waiting for them, and telling the console which one Ctrl-C ends.
//
// The console ends a process with all its descendants, and one process at a time can be its foreground job.
// So the interactive shell has one child for each command line in the foreground; a pipeline or a loop gets a
// subshell. Ctrl-C never reaches the shell itself.
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/sh.h"
#include "user/user.h"

// Background jobs that are not known to have ended.
static struct job {
    struct job *next;
    int pid;
} * jobs;

// As fork(). The child is no longer interactive and has no jobs of its own.
int job_fork(void)
{
    int pid = fork();
    if (pid < 0)
        complain("cannot fork");
    if (pid == 0) {
        sh_interactive = false;
        jobs = 0;
        redir_forget();
    }
    return pid;
}

// The interactive shell says the number, for kill.
void job_add(int pid)
{
    struct job *j = malloc(sizeof(*j));
    sh_last_bg = pid;
    if (sh_interactive)
        fprintf(2, "[%d]\n", pid);
    if (j == 0) // only `wait` will not know of it
        return;
    j->pid = pid;
    j->next = jobs;
    jobs = j;
}

// pid need not be a background job.
static void job_ended(int pid)
{
    for (struct job **link = &jobs; *link != 0; link = &(*link)->next) {
        struct job *j = *link;
        if (j->pid != pid)
            continue;
        *link = j->next;
        free(j);
        return;
    }
}

// Makes pid what Ctrl-C ends; 0: nothing.
void job_foreground(int pid)
{
    if (sh_interactive)
        ttyctl(TTY_FG, pid);
}

// Waits for n children, in whatever order they end. Returns the status of the last of pids[], which is used
// up.
int job_wait_members(int *pids, int n)
{
    int status = STATUS_FAIL, ended, s;
    for (int left = n; left > 0 && (ended = wait(&s)) >= 0;) {
        int i = 0;
        while (i < n && pids[i] != ended)
            i++;
        if (i == n) {
            job_ended(ended);
            continue;
        }
        pids[i] = 0;
        left--;
        if (i == n - 1)
            status = s & STATUS_MASK;
    }
    return status;
}

// Waits for this child; background jobs that end meanwhile are noted. `foreground`: Ctrl-C ends it.
int job_wait(int pid, bool foreground)
{
    int status, ended;
    if (foreground)
        job_foreground(pid);
    while ((ended = wait(&status)) != pid && ended >= 0)
        job_ended(ended);
    if (foreground)
        job_foreground(0);
    return ended == pid ? status & STATUS_MASK : STATUS_MISSING;
}

// Waits for every child. Ctrl-C then ends the youngest background job that is left.
int job_wait_all(void)
{
    int ended;
    do {
        job_foreground(jobs != 0 ? jobs->pid : 0);
        ended = wait(0);
        job_ended(ended);
    } while (ended >= 0);
    job_foreground(0);
    return 0;
}
