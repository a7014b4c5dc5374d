/**
 * @file
 * @brief The thread of send_message_async(): it runs what it is given, one after the other.
 */
#ifndef LIBGOSSIP_NET_DETAIL_COMPLETIONS_HPP
#define LIBGOSSIP_NET_DETAIL_COMPLETIONS_HPP

#include "../../core/gossip_errors.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace libgossip {
namespace net {
namespace detail {

/// A thread with a queue.
class completions {
public:
    static std::shared_ptr<completions> create()
    {
        auto made = std::make_shared<completions>();
        // The thread has its part of it, in case that a job of it is what finishes it.
        made->thread_ = std::thread([made] { made->run(); });
        return made;
    }

    void add(std::function<void()> job)
    {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            jobs_.push_back(std::move(job));
        }
        wake_.notify_one();
    }

    /// Waits until all jobs were done and the thread has ended. Called by a job it does not wait, and
    /// that job is the last one.
    void finish()
    {
        const bool by_a_job = thread_.get_id() == std::this_thread::get_id();
        std::deque<std::function<void()>> left;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            finished_ = true;
            if (by_a_job) {
                left.swap(jobs_);
            }
        }
        wake_.notify_one();
        if (by_a_job) {
            thread_.detach();
        } else if (thread_.joinable()) {
            thread_.join();
        }
    }

private:
    void run()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return finished_ || !jobs_.empty(); });
            if (jobs_.empty()) {
                return;
            }
            {
                const std::function<void()> job = std::move(jobs_.front());
                jobs_.pop_front();
                lock.unlock();
                try {
                    job();
                } catch (...) {
                    libgossip::detail::report_error(std::current_exception());
                }
            }
            lock.lock();
        }
    }

    std::mutex mutex_{};
    std::condition_variable wake_{};
    std::deque<std::function<void()>> jobs_{};
    bool finished_ = false;
    std::thread thread_{};
};

} // namespace detail
} // namespace net
} // namespace libgossip

#endif
