/*
 * What the suites on real sockets share: waiting for something with a deadline.
 */
#ifndef GOSSIP_TESTS_WAITING_HPP
#define GOSSIP_TESTS_WAITING_HPP

#include <chrono>
#include <thread>

/// Does `step` each 10 ms until `done` holds; false after ten seconds.
template <typename Done, typename Step>
bool reaches(Done done, Step step)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        step();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

template <typename Done>
bool reaches(Done done)
{
    return reaches(done, [] {});
}

#endif
