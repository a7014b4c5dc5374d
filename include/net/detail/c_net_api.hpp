/**
 * @file
 * @brief The C headers of the network, after those of the core.
 */
#ifndef LIBGOSSIP_NET_DETAIL_C_NET_API_HPP
#define LIBGOSSIP_NET_DETAIL_C_NET_API_HPP

#include "../../core/detail/c_api.hpp"

#include "../gossip_net.h"
#include "../gossip_node.h"

#endif
