/*
 * What every acceptance program here shares: settings from the command line, checks, a clock, a
 * watchdog, and one line of result.
 *
 * A program calls h_begin first, asks for its settings with h_option, says h_options_end, does its
 * work with CHECK and h_figure, and returns h_end(). The line it prints is
 *
 *     PASS t03_loss seed=7 nodes=32 loss=30 | failed=0 suspected=12
 *
 * (settings before the bar, figures after it), which runs.py collects over many runs.
 */
#ifndef GOSSIP_TESTS_HARNESS_H
#define GOSSIP_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Starts the program `name`. After `limit_s` seconds the watchdog ends it as failed. */
void h_begin(const char *name, int argc, char **argv, unsigned limit_s);

/* The setting `--name value` as a number, or `preset` if it was not given. */
long h_option(const char *name, long preset);

/* The setting `--name value` as a text, or `preset` if it was not given. */
const char *h_option_text(const char *name, const char *preset);

/* Ends the program with status 2 if a setting was given that nobody asked for. */
void h_options_end(void);

/* Counts a check, and if it failed remembers the place for h_explain. */
bool h_judge(bool holds, const char *file, int line);
/* Prints the failed check of h_judge to standard error (the first 40 of them). Gives false. */
bool h_explain(const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;
/* The verdict, as a function so that a caller may ignore it without a warning. */
static inline bool h_verdict(bool holds)
{
    return holds;
}
/* What is printed is computed only after the condition, so it may be the library's error text. */
#define CHECK(condition, ...)                                                                     \
    h_verdict(h_judge((condition), __FILE__, __LINE__) || h_explain(__VA_ARGS__))

/* Adds a figure to the line of result. */
void h_figure(const char *name, double value);

/* Prints the line of result and returns the exit status: 0, or 1 if a check failed. */
int h_end(void);

/* How many checks have failed so far. */
unsigned h_failures(void);

/* Monotonic time in microseconds, and a sleep until a point of it. */
uint64_t h_now_us(void);
void h_sleep_until_us(uint64_t time_us);
void h_sleep_ms(unsigned ms);

/* Random numbers of the program, seeded by `--seed` (preset: by time and process id). */
uint64_t h_random(void);
/* Less than `bound`, which is at least 1. */
uint64_t h_random_below(uint64_t bound);
/* True with a chance of `percent` in 100. */
bool h_chance(double percent);

/* A failed check if the library's last call on this thread met an error of its own making. */
void h_check_library(const char *error_text);

/* Resident memory of this process in bytes. */
size_t h_resident_bytes(void);
/* Whether this program was built with a sanitizer, or runs under valgrind: then memory sizes and
 * times mean nothing. */
bool h_instrumented(void);
/* Milliseconds a bound is stretched to under instrumentation. */
unsigned h_stretch_ms(unsigned ms);

#ifdef __cplusplus
}
#endif

#endif
