// What t_allocfail runs.
#ifndef USER_T_ALLOCFAIL_H
#define USER_T_ALLOCFAIL_H
#include "user/t_lib.h"

#define DIR      "/t_alloc"      // where scripts work
#define SEGMENTS DIR "/segments" // a program of many areas, which forks and exits

// With FAT pages of its own a process is larger than everybody else: when memory runs out, it goes.
#define FAT      128
#define FAT_USED 4 // what scripts look at, before they write it
extern char *fat;  // the script's; every byte is 1

struct script {
    const char *name;
    void (*run)(void);
    bool
        programs; // runs another program, which is not large: with nothing left somebody else would be killed
};
extern const struct script scripts[]; // ended by one without a name

#endif
