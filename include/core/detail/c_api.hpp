/**
 * @file
 * @brief The C headers as the C++ ones need them.
 *
 * Four structs of C have the names of classes in namespace libgossip. A program that says `using
 * namespace libgossip` would find both, so these four are renamed here; their typedefs
 * (gossip_core_t and so on) are as always. A program that includes the C headers first keeps the
 * struct names as well.
 */
#ifndef LIBGOSSIP_CORE_DETAIL_C_API_HPP
#define LIBGOSSIP_CORE_DETAIL_C_API_HPP

#define gossip_core gossip_core_of_c
#define gossip_message gossip_message_of_c
#define gossip_stats gossip_stats_of_c
#define gossip_config gossip_config_of_c

#include "../gossip_core.h"
#include "../gossip_ext.h"

#undef gossip_core
#undef gossip_message
#undef gossip_stats
#undef gossip_config

#endif
