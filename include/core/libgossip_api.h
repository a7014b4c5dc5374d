/**
 * @file
 * @brief How the functions of libgossip are declared.
 *
 * A program that links the library statically defines LIBGOSSIP_STATIC_DEFINE; the CMake package
 * and pkg-config --static do it for you.
 */
#ifndef LIBGOSSIP_API_H
#define LIBGOSSIP_API_H

#if defined(_WIN32)
#  define LIBGOSSIP_PLATFORM_WINDOWS
#elif defined(__APPLE__)
#  define LIBGOSSIP_PLATFORM_MACOS
#elif defined(__linux__)
#  define LIBGOSSIP_PLATFORM_LINUX
#endif

#if defined(LIBGOSSIP_STATIC_DEFINE)
#  define LIBGOSSIP_API
#elif defined(LIBGOSSIP_PLATFORM_WINDOWS)
#  if defined(LIBGOSSIP_BUILD)
#    define LIBGOSSIP_API __declspec(dllexport)
#  else
#    define LIBGOSSIP_API __declspec(dllimport)
#  endif
#elif defined(LIBGOSSIP_BUILD)
#  define LIBGOSSIP_API __attribute__((visibility("default")))
#else
#  define LIBGOSSIP_API
#endif

#endif /* LIBGOSSIP_API_H */
