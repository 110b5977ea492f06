// The shell's parts use the names of the C library for functions that take other arguments. Those that a test
// stands in for get names of their own.
#define fprintf sh_fprintf
#define strchr  sh_strchr
#define open    sh_open
#define fstat   sh_fstat
#define stat    sh_stat
