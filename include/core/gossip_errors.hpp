/**
 * @file
 * @brief What goes wrong: the exception of the newer classes, the text of the last error, and where
 * exceptions go that nobody can catch.
 */
#ifndef LIBGOSSIP_CORE_GOSSIP_ERRORS_HPP
#define LIBGOSSIP_CORE_GOSSIP_ERRORS_HPP

#include "detail/c_api.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace gossip {

/// What was wrong with this thread's last call of the library, and what to do about it; empty if
/// nothing was.
inline std::string last_error() { return gossip_last_error(); }

/// Thrown by what libgossip 1.4.2 did not have, where it cannot do what it is asked to.
class error : public std::runtime_error {
public:
    explicit error(gossip_error_code_t code, const std::string &text = last_error())
        : std::runtime_error(text.empty() ? gossip_error_string(code) : text), code_(code)
    {
    }

    /// The code that the C function returned.
    gossip_error_code_t code() const noexcept { return code_; }

private:
    gossip_error_code_t code_;
};

/// Is given exceptions that cannot be thrown where somebody would catch them.
using error_handler = std::function<void(std::exception_ptr)>;

} // namespace gossip

namespace libgossip {
namespace detail {

/// Where the handler of the process is kept.
struct error_sink {
    std::mutex mutex;
    std::shared_ptr<const gossip::error_handler> handler;

    static error_sink &instance()
    {
        // Never destroyed: a library thread may report while the program ends.
        static error_sink *const sink = new error_sink;
        return *sink;
    }
};

/// Gives an exception to the handler of the process, if there is one.
inline void report_error(const std::exception_ptr &error) noexcept
{
    try {
        std::shared_ptr<const gossip::error_handler> handler;
        {
            const std::lock_guard<std::mutex> lock(error_sink::instance().mutex);
            handler = error_sink::instance().handler;
        }
        if (handler && *handler) {
            (*handler)(error);
        }
    } catch (...) {
        // A handler that throws has nobody above it.
    }
}

/// Throws what the last call left as an error text.
[[noreturn]] inline void fail(gossip_error_code_t code) { throw gossip::error(code); }

/// Throws unless the code is success.
inline void check(gossip_error_code_t code)
{
    if (code != GOSSIP_ERR_SUCCESS) {
        fail(code);
    }
}

} // namespace detail
} // namespace libgossip

namespace gossip {

/// Sets the handler of the process for exceptions that leave a callback on a thread of the library,
/// or in a function that is noexcept, and for further ones of a call that throws one already. Without
/// a handler they are dropped. It may be called on any thread, on several at once.
inline void set_error_handler(error_handler handler)
{
    auto shared = std::make_shared<const error_handler>(std::move(handler));
    auto &sink = libgossip::detail::error_sink::instance();
    const std::lock_guard<std::mutex> lock(sink.mutex);
    sink.handler.swap(shared);
}

} // namespace gossip

#endif
