/**
 * @file
 * @brief Tells ThreadSanitizer what the library orders by locks of its own, which it does not see in a
 * library that is not instrumented: a call comes before the callbacks that it leads to, and callbacks
 * of one core run one after the other.
 */
#ifndef LIBGOSSIP_CORE_DETAIL_TSAN_HPP
#define LIBGOSSIP_CORE_DETAIL_TSAN_HPP

#if defined(__SANITIZE_THREAD__)
#  define LIBGOSSIP_WITH_TSAN 1
#elif defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define LIBGOSSIP_WITH_TSAN 1
#  endif
#endif

#if defined(LIBGOSSIP_WITH_TSAN)
extern "C" void __tsan_acquire(void *address);
extern "C" void __tsan_release(void *address);
#endif

namespace libgossip {
namespace detail {

/// What was released before is seen from here on.
inline void tsan_acquire([[maybe_unused]] void *address) noexcept
{
#if defined(LIBGOSSIP_WITH_TSAN)
    __tsan_acquire(address);
#endif
}

/// What was done so far is seen by who acquires later.
inline void tsan_release([[maybe_unused]] void *address) noexcept
{
#if defined(LIBGOSSIP_WITH_TSAN)
    __tsan_release(address);
#endif
}

} // namespace detail
} // namespace libgossip

#endif
