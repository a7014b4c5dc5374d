/**
 * @file
 * @brief A log file for the program's lines and the library's.
 */
#ifndef LIBGOSSIP_CORE_LOGGER_HPP
#define LIBGOSSIP_CORE_LOGGER_HPP

#include "detail/c_api.hpp"
#include "detail/enums.hpp"

#include <chrono>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>

/// 0 takes the lines of the macros LIBGOSSIP_LOG out of a program.
#ifndef LIBGOSSIP_ENABLE_LOGGING
#  define LIBGOSSIP_ENABLE_LOGGING 1
#endif

// windows.h has a macro ERROR, which would hide the enumerator from programs too. Others are often
// defined for a whole build, as in -DDEBUG, and come back below.
#undef ERROR
#pragma push_macro("TRACE")
#pragma push_macro("DEBUG")
#pragma push_macro("INFO")
#pragma push_macro("WARN")
#pragma push_macro("FATAL")
#undef TRACE
#undef DEBUG
#undef INFO
#undef WARN
#undef FATAL

namespace libgossip {

/// How much a line matters.
enum class LogLevel { TRACE = 0, DEBUG, INFO, WARN, ERROR, FATAL };

namespace detail {

template <>
struct enum_names<LogLevel> {
    static constexpr name_table<LogLevel, 6> entries{{{LogLevel::TRACE, "TRACE"},
                                                      {LogLevel::DEBUG, "DEBUG"},
                                                      {LogLevel::INFO, "INFO"},
                                                      {LogLevel::WARN, "WARN"},
                                                      {LogLevel::ERROR, "ERROR"},
                                                      {LogLevel::FATAL, "FATAL"}}};
};

// What the macros below put together from a word, so that no macro of that name gets at it.
inline constexpr LogLevel log_level_TRACE = LogLevel::TRACE;
inline constexpr LogLevel log_level_DEBUG = LogLevel::DEBUG;
inline constexpr LogLevel log_level_INFO = LogLevel::INFO;
inline constexpr LogLevel log_level_WARN = LogLevel::WARN;
inline constexpr LogLevel log_level_ERROR = LogLevel::ERROR;
inline constexpr LogLevel log_level_FATAL = LogLevel::FATAL;
using log_level_LogLevel = LogLevel;
struct log_level_libgossip {
    using LogLevel = libgossip::LogLevel;
};

} // namespace detail

/// The name of a level.
inline const char *LogLevelToString(LogLevel level)
{
    const std::string_view name = enum_to_string(level);
    return name.empty() ? "UNKNOWN" : name.data();
}

/// The log of the process. The library writes nothing to it before Init().
class Logger {
public:
    static Logger &Instance()
    {
        // Never destroyed: a library thread may log while the program ends.
        static Logger *const logger = new Logger;
        return *logger;
    }

    Logger(const Logger &) = delete;
    Logger &operator=(const Logger &) = delete;

    /// Appends lines of that level and above to a file from now on: the program's, and those of the
    /// library, whose log callback this takes.
    void Init(const std::string &log_file = "libgossip.log", LogLevel level = LogLevel::INFO)
    {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            file_.close();
            file_.clear();
            file_.open(log_file, std::ios::app);
            level_ = level;
            hears_library_ = true;
        }
        hear_library(level);
    }

    /// Says from which level on lines are written.
    void SetLevel(LogLevel level)
    {
        bool hears_library = false;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            level_ = level;
            hears_library = hears_library_;
        }
        if (hears_library) {
            hear_library(level);
        }
    }

    LogLevel GetLevel() const
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        return level_;
    }

    /// Writes a line, if its level is wanted: to the file, and to standard error if there is none.
    void Log(LogLevel level, const std::string &message)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (level < level_) {
            return;
        }
        std::ostream &out = file_.is_open() ? static_cast<std::ostream &>(file_) : std::cerr;
        out << now() << " [" << LogLevelToString(level) << "] " << message << std::endl;
    }

    /// Closes the file; the library's lines are not written any more.
    void Close()
    {
        bool heard_library = false;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            file_.close();
            heard_library = hears_library_;
            hears_library_ = false;
        }
        if (heard_library) {
            gossip_set_log_callback(GOSSIP_LOG_OFF, nullptr, nullptr, nullptr);
        }
    }

private:
    Logger() = default;
    ~Logger() = default;

    static void hear_library(LogLevel level)
    {
        constexpr gossip_log_level_t levels[] = {GOSSIP_LOG_TRACE, GOSSIP_LOG_DEBUG,
                                                 GOSSIP_LOG_INFO,  GOSSIP_LOG_WARN,
                                                 GOSSIP_LOG_ERROR, GOSSIP_LOG_ERROR};
        gossip_set_log_callback(levels[static_cast<std::size_t>(level) % 6U], &Logger::take,
                                nullptr, nullptr);
    }

    static void take(gossip_log_level_t level, const char *target, const char *text,
                     void *) noexcept
    {
        try {
            const LogLevel ours = level == GOSSIP_LOG_ERROR   ? LogLevel::ERROR
                                  : level == GOSSIP_LOG_WARN  ? LogLevel::WARN
                                  : level == GOSSIP_LOG_INFO  ? LogLevel::INFO
                                  : level == GOSSIP_LOG_DEBUG ? LogLevel::DEBUG
                                                              : LogLevel::TRACE;
            Instance().Log(ours, std::string(target) + ": " + text);
        } catch (...) {
            // A line that cannot be written is lost.
        }
    }

    /// The wall clock, to a thousandth of a second.
    static std::string now()
    {
        const auto time = std::chrono::system_clock::now();
        const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
        const auto milliseconds =
            std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()) % 1000;
        std::tm parts{};
#if defined(_WIN32)
        localtime_s(&parts, &seconds);
#else
        localtime_r(&seconds, &parts);
#endif
        std::ostringstream text;
        text << std::put_time(&parts, "%Y-%m-%d %H:%M:%S") << '.' << std::setfill('0')
             << std::setw(3) << milliseconds.count();
        return text.str();
    }

    mutable std::mutex mutex_{};
    std::ofstream file_{};
    LogLevel level_ = LogLevel::INFO;
    bool hears_library_ = false;
};

} // namespace libgossip

#pragma pop_macro("TRACE")
#pragma pop_macro("DEBUG")
#pragma pop_macro("INFO")
#pragma pop_macro("WARN")
#pragma pop_macro("FATAL")

/// Logs what is streamed, if the level is wanted: LIBGOSSIP_LOG(INFO, "x is " << x).
#if LIBGOSSIP_ENABLE_LOGGING
#  define LIBGOSSIP_LOG(level, stream)                                                             \
      do {                                                                                         \
          if (::libgossip::detail::log_level_##level >=                                            \
              ::libgossip::Logger::Instance().GetLevel()) {                                        \
              std::ostringstream libgossip_log_line;                                               \
              libgossip_log_line << stream;                                                        \
              ::libgossip::Logger::Instance().Log(::libgossip::detail::log_level_##level,          \
                                                  libgossip_log_line.str());                       \
          }                                                                                        \
      } while (false)
#else
#  define LIBGOSSIP_LOG(level, stream) ((void)0)
#endif

#define LIBGOSSIP_LOG_TRACE(stream) LIBGOSSIP_LOG(TRACE, stream)
#define LIBGOSSIP_LOG_DEBUG(stream) LIBGOSSIP_LOG(DEBUG, stream)
#define LIBGOSSIP_LOG_INFO(stream) LIBGOSSIP_LOG(INFO, stream)
#define LIBGOSSIP_LOG_WARN(stream) LIBGOSSIP_LOG(WARN, stream)
#define LIBGOSSIP_LOG_ERROR(stream) LIBGOSSIP_LOG(ERROR, stream)
#define LIBGOSSIP_LOG_FATAL(stream) LIBGOSSIP_LOG(FATAL, stream)

#endif
