/**
 * @file
 * @brief Nodes, messages and changes as callbacks of the newer form are handed them: nothing is
 * copied until it is asked for.
 */
#ifndef LIBGOSSIP_CORE_GOSSIP_VIEWS_HPP
#define LIBGOSSIP_CORE_GOSSIP_VIEWS_HPP

#include "detail/convert.hpp"

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gossip {

using libgossip::duration_ms;
using libgossip::message_type;
using libgossip::node_id_t;
using libgossip::node_status;
using libgossip::node_view;

namespace detail = libgossip::detail;

/// What of a node can be read without a copy. `Derived` has a member `c()`, the C struct.
template <typename Derived>
class node_fields {
public:
    node_id_t id() const noexcept { return detail::from_c(view().id); }
    std::string_view ip() const noexcept { return detail::text_of(view().ip); }
    int port() const noexcept { return view().port; }
    std::uint64_t config_epoch() const noexcept { return view().config_epoch; }
    std::uint64_t heartbeat() const noexcept { return view().heartbeat; }
    std::uint64_t version() const noexcept { return view().version; }
    /// A node that left is shown as failed here.
    node_status status() const noexcept { return static_cast<node_status>(view().status); }
    std::string_view role() const noexcept { return detail::text_of(view().role); }
    std::string_view region() const noexcept { return detail::text_of(view().region); }

private:
    const gossip_node_view_t &view() const noexcept
    {
        return static_cast<const Derived &>(*this).c();
    }
};

/// All that is known of a node: a copy to keep.
class member : public node_fields<member> {
public:
    explicit member(const gossip_node_info_t &info) noexcept : info_(info) {}

    /// Whether it said that it leaves, or another member said so.
    bool left() const noexcept { return info_.status == GOSSIP_NODE_LEFT; }
    /// Whether it is the node itself.
    bool is_self() const noexcept { return info_.is_self != 0; }
    /// How long ago its newest heartbeat was learned.
    duration_ms seen_ago() const noexcept { return ago(info_.seen_ms); }
    /// How long ago its status changed.
    duration_ms changed_ago() const noexcept { return ago(info_.changed_ms); }
    /// How long ago it was suspected; nothing if it never was.
    std::optional<duration_ms> suspected_ago() const noexcept
    {
        return info_.suspected_ms == GOSSIP_NEVER ? std::nullopt
                                                  : std::optional(ago(info_.suspected_ms));
    }
    /// How many members accuse it now.
    std::uint32_t suspicion_count() const noexcept { return info_.suspicion_count; }
    /// How many pairs its metadata has.
    std::uint32_t metadata_count() const noexcept { return info_.metadata_count; }

    /// The struct of C.
    const gossip_node_info_t &info() const noexcept { return info_; }
    const gossip_node_view_t &c() const noexcept { return info_.node; }

private:
    duration_ms ago(std::uint64_t then) const noexcept
    {
        return duration_ms(info_.now_ms > then ? info_.now_ms - then : 0);
    }

    gossip_node_info_t info_;
};

/// A node that a callback was handed. Good for as long as the callback runs, on its thread.
class node_ref : public node_fields<node_ref> {
public:
    explicit node_ref(const gossip_node_view_t &view) noexcept : view_(&view) {}

    /// One value of its metadata.
    std::optional<std::string> metadata(const std::string &key) const
    {
        return detail::read_value([this, &key](char *value, std::size_t *size) {
            return gossip_view_get_metadata(view_, key.c_str(), value, size);
        });
    }

    /// All of its metadata.
    std::map<std::string, std::string> metadata() const
    {
        std::map<std::string, std::string> all;
        detail::read_view_metadata(all, *view_);
        return all;
    }

    /// Calls `take(key, value)` for each pair of its metadata, both as std::string_view.
    template <typename Take>
    std::size_t each_metadata(Take take) const
    {
        return detail::walk_metadata(
            [this](gossip_metadata_callback_t step, void *walk) {
                return gossip_view_each_metadata(view_, step, walk);
            },
            std::move(take));
    }

    /// All that is known of it, to keep.
    gossip::member member() const
    {
        gossip_node_info_t info{};
        info.size = sizeof info;
        if (gossip_view_info(view_, &info) == 0) {
            detail::fail(GOSSIP_ERR_INVALID_ARGUMENT);
        }
        return gossip::member(info);
    }

    /// The struct of libgossip 1.4.2.
    node_view to_node_view() const
    {
        node_view result;
        const gossip::member known = member();
        detail::fill(result, *view_);
        detail::read_view_metadata(result.metadata, *view_);
        const libgossip::time_point now = libgossip::clock::now();
        result.seen_time = now - known.seen_ago();
        result.suspicion_count = static_cast<int>(known.suspicion_count());
        if (const auto ago = known.suspected_ago()) {
            result.last_suspected = now - *ago;
        }
        return result;
    }

    /// The struct of C.
    const gossip_node_view_t &c() const noexcept { return *view_; }

private:
    const gossip_node_view_t *view_;
};

/// Walks an array of C by an index, and shows what stands there as a `Value`.
template <typename Value, typename Element>
class index_iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Value;

    explicit index_iterator(Element *at) noexcept : at_(at) {}
    Value operator*() const { return Value(*at_); }
    index_iterator &operator++() noexcept
    {
        ++at_;
        return *this;
    }
    index_iterator operator++(int) noexcept { return index_iterator(at_++); }
    bool operator==(const index_iterator &other) const noexcept { return at_ == other.at_; }
    bool operator!=(const index_iterator &other) const noexcept { return at_ != other.at_; }

private:
    Element *at_;
};

/// A message that a callback was handed: a range of its entries. Good for as long as the callback runs.
class message_ref {
public:
    using iterator = index_iterator<node_ref, const gossip_node_view_t>;

    explicit message_ref(const gossip_message_t &msg) noexcept : msg_(&msg) {}

    node_id_t sender() const noexcept { return detail::from_c(msg_->sender); }
    message_type type() const noexcept { return static_cast<message_type>(msg_->type); }
    std::uint64_t timestamp() const noexcept { return msg_->timestamp; }
    std::size_t size() const noexcept { return msg_->entries_count; }
    bool empty() const noexcept { return size() == 0; }
    node_ref operator[](std::size_t index) const noexcept { return node_ref(msg_->entries[index]); }
    iterator begin() const noexcept { return iterator(msg_->entries); }
    iterator end() const noexcept { return iterator(msg_->entries + size()); }

    /// The struct of libgossip 1.4.2.
    libgossip::gossip_message to_message() const
    {
        libgossip::gossip_message result;
        detail::fill(result, *msg_);
        return result;
    }

    /// The struct of C.
    const gossip_message_t &c() const noexcept { return *msg_; }

private:
    const gossip_message_t *msg_;
};

/// One change of one node. Good for as long as the callback runs.
class change_ref {
public:
    explicit change_ref(const gossip_change_t *change) noexcept : change_(change) {}

    /// The node after the change.
    node_ref node() const noexcept { return node_ref(change_->node); }
    /// Its status before: unknown at first sight.
    node_status old_status() const noexcept { return status_of(change_->old_status); }
    /// Its status after.
    node_status new_status() const noexcept { return status_of(change_->new_status); }
    /// Whether it is by leaving that it is failed now.
    bool left() const noexcept { return change_->new_status == GOSSIP_NODE_LEFT; }
    /// Whether metadata, role, region or address changed while the status stayed.
    bool configuration() const noexcept { return change_->configuration != 0; }
    /// How many changes this one stands for.
    std::uint32_t merged() const noexcept { return change_->merged; }

    /// The struct of C.
    const gossip_change_t &c() const noexcept { return *change_; }

private:
    static node_status status_of(std::uint32_t status) noexcept
    {
        return status == GOSSIP_NODE_LEFT ? node_status::failed : static_cast<node_status>(status);
    }

    const gossip_change_t *change_;
};

/// All changes that one call brought about. Good for as long as the callback runs.
class change_list {
public:
    using iterator = index_iterator<change_ref, const gossip_change_t *const>;

    change_list(const gossip_change_t *const *changes, std::size_t count) noexcept
        : changes_(changes), count_(count)
    {
    }

    std::size_t size() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }
    change_ref operator[](std::size_t index) const noexcept { return change_ref(changes_[index]); }
    iterator begin() const noexcept { return iterator(changes_); }
    iterator end() const noexcept { return iterator(changes_ + count_); }

private:
    const gossip_change_t *const *changes_;
    std::size_t count_;
};

} // namespace gossip

#endif
