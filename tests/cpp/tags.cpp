/*
 * A program may use the C headers beside the C++ ones. Included first they keep the names of their
 * structs; the types of both stay apart.
 */
#include "core/gossip_core.h"
#include "net/gossip_net.h"

#include "core/gossip_core.hpp"
#include "net/udp_transport.hpp"

// A windows.h of our own, and a build with -DDEBUG.
#define ERROR 0
#define DEBUG 1
#include "core/logger.hpp"

#include <gtest/gtest.h>

namespace {

static_assert(!std::is_same<libgossip::gossip_message, struct gossip_message>::value);
static_assert(std::is_same<struct gossip_message, gossip_message_t>::value);
static_assert(DEBUG == 1);

TEST(Tags, BothKindsOfStructsAreAtHand)
{
    gossip_node_view_t self{};
    self.port = 1;
    gossip_core_t *core = gossip_core_create(&self, nullptr, nullptr, nullptr);
    EXPECT_EQ(gossip_core_size(core), 0U);
    gossip_core_destroy(core);
    const libgossip::gossip_message msg;
    EXPECT_TRUE(msg.entries.empty());
}

TEST(Tags, LogMacrosSurviveMacrosOfTheirLevels)
{
#define ERROR 0
    const libgossip::LogLevel before = libgossip::Logger::Instance().GetLevel();
    libgossip::Logger::Instance().SetLevel(libgossip::LogLevel::FATAL);
    LIBGOSSIP_LOG_ERROR("never " << 1);
    LIBGOSSIP_LOG(DEBUG, "never " << 2);
    libgossip::Logger::Instance().SetLevel(before);
#undef ERROR
    EXPECT_EQ(libgossip::to_string(libgossip::LogLevel::ERROR), "ERROR");
}

} // namespace
