#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_OPTIONS = 48, MAX_SHOWN_FAILURES = 40 };

static const char *program = "?";
static int arg_count;
static char **args;
static bool arg_used[2 * MAX_OPTIONS];
static atomic_uint checks, failures;
static const char *failed_file;
static int failed_line;
static uint64_t random_state;
static uint64_t began_us;
static char settings[1024], figures[2048];

/* Ends the program from the alarm's handler, so only with calls that are allowed there. */
static void watchdog(int signal_number)
{
    static const char text[] = "FAIL (watchdog): the program hung: ";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)signal_number;
    ignored = write(STDERR_FILENO, program, strlen(program));
    ignored = write(STDERR_FILENO, "\n", 1);
    (void)ignored;
    _exit(3);
}

static void append(char *buffer, size_t size, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

static void append(char *buffer, size_t size, const char *format, ...)
{
    size_t used = strlen(buffer);
    va_list list;
    va_start(list, format);
    vsnprintf(buffer + used, size - used, format, list);
    va_end(list);
}

void h_begin(const char *name, int argc, char **argv, unsigned limit_s)
{
    program = name;
    arg_count = argc < 2 * MAX_OPTIONS ? argc : 2 * MAX_OPTIONS;
    args = argv;
    began_us = h_now_us();
    signal(SIGALRM, watchdog);
    alarm(h_instrumented() ? limit_s * 5 : limit_s);
    long seed = h_option("seed", (long)((h_now_us() ^ ((uint64_t)getpid() << 20)) & 0x7fffffff));
    random_state = (uint64_t)seed * 0x9e3779b97f4a7c15u + 1;
}

const char *h_option_text(const char *name, const char *preset)
{
    const char *value = preset;
    for (int i = 1; i + 1 < arg_count; i += 2)
        if (strncmp(args[i], "--", 2) == 0 && strcmp(args[i] + 2, name) == 0) {
            arg_used[i] = true;
            value = args[i + 1];
        }
    append(settings, sizeof settings, " %s=%s", name, value);
    return value;
}

long h_option(const char *name, long preset)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", preset);
    const char *value = h_option_text(name, text);
    char *end = NULL;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0') {
        fprintf(stderr, "%s: --%s wants a number, not '%s'\n", program, name, value);
        exit(2);
    }
    return number;
}

void h_options_end(void)
{
    for (int i = 1; i < arg_count; i += 2)
        if (!arg_used[i]) {
            fprintf(stderr, "%s: unknown or incomplete setting '%s'; known:%s\n", program, args[i],
                    settings);
            exit(2);
        }
}

bool h_judge(bool holds, const char *file, int line)
{
    checks++;
    if (!holds) {
        const char *base = strrchr(file, '/');
        failures++;
        failed_file = base ? base + 1 : file;
        failed_line = line;
    }
    return holds;
}

bool h_explain(const char *format, ...)
{
    if (failures > MAX_SHOWN_FAILURES)
        return false;
    fprintf(stderr, "%s: %s:%d after %.2f s: ", program, failed_file, failed_line,
            (double)(h_now_us() - began_us) / 1e6);
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return false;
}

void h_figure(const char *name, double value)
{
    append(figures, sizeof figures, " %s=%.6g", name, value);
}

unsigned h_failures(void)
{
    return failures;
}

int h_end(void)
{
    if (checks == 0)
        CHECK(false, "the program checked nothing");
    printf("%s %s%s |%s checks=%u failures=%u seconds=%.1f\n", failures ? "FAIL" : "PASS", program,
           settings, figures, checks, failures, (double)(h_now_us() - began_us) / 1e6);
    fflush(stdout);
    return failures ? 1 : 0;
}

uint64_t h_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void h_sleep_until_us(uint64_t time_us)
{
    struct timespec until = {(time_t)(time_us / 1000000u), (long)(time_us % 1000000u) * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

void h_sleep_ms(unsigned ms)
{
    h_sleep_until_us(h_now_us() + (uint64_t)ms * 1000u);
}

/* SplitMix64: small, and the same on every machine. */
uint64_t h_random(void)
{
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t h_random_below(uint64_t bound)
{
    return h_random() % bound;
}

bool h_chance(double percent)
{
    return (double)(h_random() >> 11) * (100.0 / 9007199254740992.0) < percent;
}

void h_check_library(const char *error_text)
{
    static atomic_uint told;
    if (error_text != NULL && strstr(error_text, "internal error") != NULL && told++ < 5)
        CHECK(false, "the library says: %s", error_text);
}

size_t h_resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

bool h_instrumented(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    /* Valgrind's own shared objects are preloaded into the programs that it runs. */
    const char *preload = getenv("LD_PRELOAD");
    return preload != NULL && strstr(preload, "vgpreload") != NULL;
#endif
}

unsigned h_stretch_ms(unsigned ms)
{
    return h_instrumented() ? ms * 4 : ms;
}
