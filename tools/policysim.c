// policysim: plays reference strings on the kernel's replacement policies, compiled from the very files that
// the kernel has, and prints what each costs next to Belady's optimum. docs/policies.md tells how to use it.
#include "tools/policysim.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_POLICIES 32
#define ROWS          16 // of the table, unless --frames says otherwise
#define WRITE_PERCENT 30

enum { OPT_VICTIMS = 256, OPT_WRITES, OPT_PRINT };

static struct {
    uint from, to, step;  // frames
    uint tick;            // references
    uint64 string_seed;   // of generated strings
    uint64 seed;          // of the policies
    uint write_percent;   // of references in generated strings
    bool victims, writes; // print these and not faults
    bool print;           // the string
    const char *csv;      // file
    const struct policy *policy[MOST_POLICIES];
    int npolicies;
} opts = {.string_seed = 1, .seed = 1, .write_percent = WRITE_PERCENT};

static const char usage[] =
    "usage: policysim [option ..] STRING\n"
    "  -f, --frames A[-B[/STEP]]  memory sizes (default: up to the number of pages)\n"
    "  -p, --policy NAME[,..]     only these (default: all, and opt and lru)\n"
    "  -t, --tick K               tick after every K references (default: never)\n"
    "  -s, --seed N               of the policy `random` (default: 1, as the kernel)\n"
    "      --victims              print the victims in their order\n"
    "      --writes               print pages written, not faults\n"
    "      --csv FILE             write everything there too, for tools/policyplot\n"
    "      --print                print the string\n"
    "  -S, --string-seed N, -w, --write-percent N    of generated strings\n"
    "STRING: page numbers, with w behind those that are written: 1 2w 3; @FILE has "
    "them in a file; or one of\n";

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "policysim: %s: %s\n", which, what);
    exit(1);
}

static _Noreturn void wrong_call(void)
{
    fputs(usage, stderr);
    for (const char *s = string_usage; *s; s = strchr(s, '\n') + 1)
        fprintf(stderr, "  %.*s", (int)strcspn(s, "\n") + 1, s);
    exit(2);
}

static uint64 number(const char *text, uint64 least, uint64 most)
{
    char *end;
    uint64 n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n < least || n > most)
        wrong_call();
    return n;
}

static void parse_frames(const char *text)
{
    char end;
    opts.step = 1;
    int n = sscanf(text, "%u-%u/%u%c", &opts.from, &opts.to, &opts.step, &end);
    if (n == 1)
        opts.to = opts.from;
    if (n < 1 || n > 3 || strspn(text, "0123456789-/") != strlen(text) || opts.from < 1 || opts.step < 1 ||
        opts.to < opts.from || opts.to > MOST_FRAMES)
        wrong_call();
}

static void use_policy(const struct policy *p)
{
    if (opts.npolicies == MOST_POLICIES)
        fail("too many policies", p->name);
    opts.policy[opts.npolicies++] = p;
}

static void parse_policies(char *text)
{
    for (char *name = strtok(text, ","); name; name = strtok(0, ",")) {
        const struct policy *p = strcmp(name, "opt") == 0   ? &policy_opt
                                 : strcmp(name, "lru") == 0 ? &policy_lru
                                                            : policy_find(name);
        if (!p)
            fail("no such policy", name);
        use_policy(p);
    }
}

static void parse(int argc, char *argv[])
{
    static const struct option longs[] = {{"frames", required_argument, 0, 'f'},
                                          {"policy", required_argument, 0, 'p'},
                                          {"tick", required_argument, 0, 't'},
                                          {"seed", required_argument, 0, 's'},
                                          {"string-seed", required_argument, 0, 'S'},
                                          {"write-percent", required_argument, 0, 'w'},
                                          {"csv", required_argument, 0, 'c'},
                                          {"victims", no_argument, 0, OPT_VICTIMS},
                                          {"writes", no_argument, 0, OPT_WRITES},
                                          {"print", no_argument, 0, OPT_PRINT},
                                          {0}};
    for (int c; (c = getopt_long(argc, argv, "f:p:t:s:S:w:c:", longs, 0)) >= 0;) {
        if (c == 'f')
            parse_frames(optarg);
        else if (c == 'p')
            parse_policies(optarg);
        else if (c == 't')
            opts.tick = number(optarg, 1, NEVER);
        else if (c == 's')
            opts.seed = number(optarg, 1, NEVER);
        else if (c == 'S')
            opts.string_seed = number(optarg, 0, NEVER);
        else if (c == 'w')
            opts.write_percent = number(optarg, 0, 100);
        else if (c == 'c')
            opts.csv = optarg;
        else if (c == OPT_VICTIMS)
            opts.victims = true;
        else if (c == OPT_WRITES)
            opts.writes = true;
        else if (c == OPT_PRINT)
            opts.print = true;
        else
            wrong_call();
    }
    if (optind == argc)
        wrong_call();
}

// What is not given: all policies, and as many frames as there are pages, in ROWS steps.
static void set_defaults(const struct string *s)
{
    if (!opts.npolicies) {
        use_policy(&policy_opt);
        use_policy(&policy_lru);
        for (int i = 0; policies[i]; i++)
            use_policy(policies[i]);
    }
    if (!opts.from) {
        uint pages = string_distinct(s);
        opts.step = (pages + ROWS - 1) / ROWS;
        opts.from = opts.step;
        opts.to = pages;
    }
}

static void print_string(const struct string *s)
{
    for (uint i = 0; i < s->n; i++)
        printf("%s%u%s", i ? " " : "", s->refs[i].page, s->refs[i].write ? "w" : "");
    printf("\n");
}

static void print_head(const struct string *s)
{
    printf("%s: %u references to %u pages\n", s->name, s->n, string_distinct(s));
    if (opts.victims)
        return;
    printf("%6s", "frames");
    for (int i = 0; i < opts.npolicies; i++)
        printf(" %8s", opts.policy[i]->name);
    printf("\n");
}

// user/policy-exact.c prints the same line.
static void print_victims(const struct policy *p, uint frames, const struct cost *c)
{
    printf("%s %u: %u faults, %u written, victims", p->name, frames, c->faults, c->writes);
    for (uint i = 0; i < c->nvictim; i++)
        printf(" %u", c->victim[i]);
    printf("\n");
}

static void play_all(const struct string *s, FILE *csv)
{
    struct cost c;
    for (uint frames = opts.from; frames <= opts.to; frames += opts.step) {
        if (!opts.victims)
            printf("%6u", frames);
        for (int i = 0; i < opts.npolicies; i++) {
            const struct policy *p = opts.policy[i];
            if (!memory_play(&c, s, p, frames, opts.tick, opts.seed))
                fail("victim() named no page that is in memory", p->name);
            if (opts.victims)
                print_victims(p, frames, &c);
            else
                printf(" %8u", opts.writes ? c.writes : c.faults);
            if (csv)
                fprintf(csv, "%s,%u,%u,%s,%u,%u\n", s->name, s->n, frames, p->name, c.faults, c.writes);
            cost_free(&c);
        }
        if (!opts.victims)
            printf("\n");
    }
}

int main(int argc, char *argv[])
{
    struct string s;
    FILE *csv = 0;
    parse(argc, argv);
    const char *bad = string_make(&s, argv + optind, argc - optind, opts.string_seed, opts.write_percent);
    if (bad)
        fail("not a reference string", bad);
    set_defaults(&s);
    if (opts.csv) {
        if (!(csv = fopen(opts.csv, "w")))
            fail("cannot write", opts.csv);
        fprintf(csv, "string,references,frames,policy,faults,writes\n");
    }
    if (opts.print) {
        print_string(&s);
    } else {
        print_head(&s);
        play_all(&s, csv);
    }
    if (csv && fclose(csv) != 0)
        fail("cannot write", opts.csv);
    string_free(&s);
    return 0;
}
