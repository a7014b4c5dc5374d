/**
 * @file
 * @brief Whether a version goes with this one: all of it is in core/version.hpp.
 */
#ifndef LIBGOSSIP_CORE_VERSION_CHECK_HPP
#define LIBGOSSIP_CORE_VERSION_CHECK_HPP

#include "version.hpp"

#endif
