/**
 * @file
 * @brief Forms of messages by name: JSON, and those that a program registers.
 */
#ifndef LIBGOSSIP_NET_SERIALIZER_FACTORY_HPP
#define LIBGOSSIP_NET_SERIALIZER_FACTORY_HPP

#include "../core/message_serializer.hpp"
#include "json_serializer.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace libgossip {

/// Forms of messages by name. "json" is there from the start. All functions may be called on any
/// thread.
class serializer_factory {
public:
    /// Makes a serializer.
    using creator_func = std::function<std::unique_ptr<message_serializer>()>;

    /// Registers a form. Returns false if the name is taken or the function empty.
    static bool register_serializer(const std::string &name, creator_func creator)
    {
        registry &all = registry::instance();
        const std::lock_guard<std::mutex> lock(all.mutex);
        return creator && all.creators.emplace(name, std::move(creator)).second;
    }

    /// Makes a serializer of that name; null if there is none.
    static std::unique_ptr<message_serializer> create(const std::string &name)
    {
        creator_func creator;
        {
            registry &all = registry::instance();
            const std::lock_guard<std::mutex> lock(all.mutex);
            const auto found = all.creators.find(name);
            if (found != all.creators.end()) {
                creator = found->second;
            }
        }
        return creator ? creator() : nullptr;
    }

    /// Whether there is one of that name.
    static bool has_serializer(const std::string &name)
    {
        registry &all = registry::instance();
        const std::lock_guard<std::mutex> lock(all.mutex);
        return all.creators.count(name) != 0;
    }

    /// All names, sorted.
    static std::vector<std::string> registered_names()
    {
        registry &all = registry::instance();
        const std::lock_guard<std::mutex> lock(all.mutex);
        std::vector<std::string> names;
        for (const auto &entry : all.creators) {
            names.push_back(entry.first);
        }
        return names;
    }

    /// Registers what the library has; it is done by itself at the first use.
    static void init_defaults() { registry::instance(); }

private:
    struct registry {
        std::mutex mutex{};
        std::map<std::string, creator_func> creators{
            {"json", [] { return std::make_unique<json_serializer>(); }}};

        static registry &instance()
        {
            // Never destroyed: a transport may be made while the program ends.
            static registry *const all = new registry;
            return *all;
        }
    };
};

} // namespace libgossip

#endif
