/**
 * @file
 * @brief What is behind a gossip_core: the handle of C, the functions of the program, and the way of
 * an exception from one of these to who can catch it.
 */
#ifndef LIBGOSSIP_CORE_DETAIL_CORE_STATE_HPP
#define LIBGOSSIP_CORE_DETAIL_CORE_STATE_HPP

#include "../gossip_options.hpp"
#include "convert.hpp"
#include "tsan.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace libgossip {
namespace detail {

/// A call of a core that is under way on this thread. An exception out of a callback that the call
/// runs is kept here and thrown when the C function has returned: it never passes through C.
class core_call {
public:
    explicit core_call(const void *core) noexcept : core_(core), before_(innermost())
    {
        innermost() = this;
    }
    ~core_call() { innermost() = before_; }
    core_call(const core_call &) = delete;
    core_call &operator=(const core_call &) = delete;

    /// The call that runs the callbacks of a core on this thread; null on a thread of the library.
    static core_call *of(const void *core) noexcept
    {
        core_call *call = innermost();
        while (call && call->core_ != core) {
            call = call->before_;
        }
        return call;
    }

    /// Keeps the exception that is being handled; the first one only.
    bool keep() noexcept
    {
        if (error_) {
            return false;
        }
        error_ = std::current_exception();
        return true;
    }

    const std::exception_ptr &error() const noexcept { return error_; }

    /// The time of the call, near enough for what it brings about: the clock is read once.
    time_point time() noexcept
    {
        if (time_ == time_point{}) {
            time_ = clock::now();
        }
        return time_;
    }

private:
    static core_call *&innermost() noexcept
    {
        static thread_local core_call *call = nullptr;
        return call;
    }

    const void *core_;
    core_call *before_;
    time_point time_{};
    std::exception_ptr error_{};
};

/// Shared by the object that the program has and the C core, which gives its part up when no callback
/// runs any more: so the core may be destroyed inside its own callbacks.
class core_state : public std::enable_shared_from_this<core_state> {
public:
    /// A core with the functions of libgossip 1.4.2; a null configuration is what that had.
    static std::shared_ptr<core_state> create(gossip::core_config *config, const node_view &self,
                                              send_callback send, event_callback event)
    {
        if (!send) {
            throw std::invalid_argument("gossip_core: the send callback is empty; pass a function");
        }
        const auto state = std::make_shared<core_state>();
        state->old_send_ = std::move(send);
        state->old_event_ = std::move(event);
        gossip_callbacks_t callbacks{};
        callbacks.on_send = &core_state::on_old_send;
        callbacks.on_event = state->old_event_ ? &core_state::on_old_event : nullptr;
        state->start(config ? &config->c() : nullptr, self, callbacks);
        return state;
    }

    /// A core with a configuration and the functions of the newer form.
    static std::shared_ptr<core_state> create(gossip::core_config config, const node_view &self,
                                              gossip::core_callbacks functions)
    {
        const auto state = std::make_shared<core_state>();
        state->functions_ = std::move(functions);
        gossip_callbacks_t callbacks{};
        callbacks.on_send = state->functions_.send ? &core_state::on_send : nullptr;
        callbacks.on_event = state->functions_.event ? &core_state::on_event : nullptr;
        callbacks.on_changes = state->functions_.changes ? &core_state::on_changes : nullptr;
        callbacks.on_packet = state->functions_.packet ? &core_state::on_packet : nullptr;
        state->start(&config.c(), self, callbacks);
        return state;
    }

    /// Ends the core: no callback runs afterwards, save the one that this is called in.
    void close() noexcept
    {
        closed_.store(true);
        gossip_core_destroy(core_);
    }

    gossip_core_t *core() const noexcept { return core_; }
    const gossip_node_id_t &id() const noexcept { return id_; }
    bool manual_clock() const noexcept { return manual_clock_; }

    /// Runs `body`, which calls a function of C with the core, and throws what its callbacks threw.
    template <typename Body>
    static void call(std::shared_ptr<core_state> state, Body body)
    {
        std::exception_ptr error;
        {
            core_call here(state.get());
            tsan_release(state.get());
            body(state->core_);
            error = here.error();
        }
        state->refresh_self();
        if (error) {
            std::rethrow_exception(error);
        }
    }

    /// As call(), for functions that must not throw.
    template <typename Body>
    static void call_quietly(const std::shared_ptr<core_state> &state, Body body) noexcept
    {
        try {
            call(state, std::move(body));
        } catch (...) {
            report_error(std::current_exception());
        }
    }

    /// The node itself, in a place that belongs to the calling thread: it stays for as long as the
    /// core, and only calls of that thread write there.
    const node_view &self() const noexcept
    {
        static const node_view nobody;
        try {
            node_view *place = nullptr;
            {
                const std::lock_guard<std::mutex> lock(selves_mutex_);
                place = &selves_[std::this_thread::get_id()];
            }
            has_selves_.store(true, std::memory_order_relaxed);
            read_self(*place);
            return *place;
        } catch (...) {
            return nobody;
        }
    }

    std::optional<node_view> find(const node_id_t &id) const
    {
        gossip_node_info_t info;
        if (!get_info(to_c(id), info)) {
            return std::nullopt;
        }
        std::optional<node_view> result(std::in_place);
        read(*result, info);
        return result;
    }

    std::vector<node_view> nodes() const
    {
        std::size_t count = 0;
        const std::unique_ptr<gossip_node_view_t, destroy> found(
            gossip_core_get_nodes(core_, &count));
        std::vector<node_view> result(found ? count : 0);
        for (std::size_t i = 0; i < result.size(); ++i) {
            const gossip_node_view_t &view = found.get()[i];
            gossip_node_info_t info;
            if (get_info(view.id, info)) {
                read(result[i], info);
            } else {
                fill(result[i], view); // It was forgotten meanwhile.
            }
        }
        return result;
    }

    std::vector<gossip::member> members() const
    {
        std::size_t count = 0;
        const std::unique_ptr<gossip_node_view_t, destroy> found(
            gossip_core_get_nodes(core_, &count));
        std::vector<gossip::member> result;
        result.reserve(found ? count : 0);
        for (std::size_t i = 0; found && i < count; ++i) {
            gossip_node_info_t info;
            if (get_info(found.get()[i].id, info)) {
                result.emplace_back(info);
            }
        }
        return result;
    }

    bool get_info(const gossip_node_id_t &id, gossip_node_info_t &info) const noexcept
    {
        info.size = sizeof info;
        return gossip_core_node_info(core_, &id, &info) != 0;
    }

    /// What a time is to a core whose clock is the program's.
    static std::uint64_t moment_of(time_point time) noexcept
    {
        const auto since = std::chrono::duration_cast<duration_ms>(time.time_since_epoch());
        return since.count() < 0 ? 0 : static_cast<std::uint64_t>(since.count());
    }

    /// Sets pairs of the own metadata, all or none; false, with an error text, if it is none.
    bool set_metadata(const metadata_map &metadata) const
    {
        if (metadata.empty()) {
            return true;
        }
        std::vector<const char *> keys;
        std::vector<const char *> values;
        keys.reserve(metadata.size());
        values.reserve(metadata.size());
        for (const auto &pair : metadata) {
            keys.push_back(pair.first.c_str());
            values.push_back(pair.second.c_str());
        }
        gossip_core_update_self_metadata(core_, keys.data(), values.data(), keys.size());
        return *gossip_last_error() == '\0';
    }

    void note_tick(duration_ms took) noexcept { last_tick_.store(took.count()); }
    duration_ms last_tick() const noexcept { return duration_ms(last_tick_.load()); }

private:
    void start(const gossip_config_t *config, const node_view &self, gossip_callbacks_t callbacks)
    {
        manual_clock_ = config && config->manual_clock != 0;
        seen_time_ = self.seen_time;
        last_suspected_ = self.last_suspected;
        id_ = to_c(self.id);
        gossip_node_view_t c_self = to_c(self);
        if (!self.metadata.empty()) {
            // Setting it raises both by one, and they are to be as given.
            c_self.heartbeat -= c_self.heartbeat > 0 ? 1U : 0U;
            c_self.version -= c_self.version > 0 ? 1U : 0U;
        }
        c_self.status = GOSSIP_NODE_ONLINE;
        callbacks.size = sizeof callbacks;
        callbacks.user_data = this;
        callbacks.drop_user_data = &core_state::on_drop;
        kept_by_c_ = shared_from_this();
        core_ = gossip_core_create_with(config, &c_self, &callbacks);
        if (!core_) {
            throw std::invalid_argument(gossip_last_error());
        }
        if (!set_metadata(self.metadata)) {
            const std::string text = gossip_last_error();
            close();
            throw std::invalid_argument(text);
        }
        gossip_node_info_t info;
        if (!manual_clock_ && get_info(id_, info)) {
            origin_ = clock::now() - duration_ms(static_cast<duration_ms::rep>(info.now_ms));
        }
    }

    /// All that is known of a node, in the struct of 1.4.2.
    void read(node_view &view, const gossip_node_info_t &info) const
    {
        fill(view, info.node);
        set_times(view, info);
        if (info.metadata_count > 0) {
            read_core_metadata(view.metadata, core_, info.node.id);
        }
    }

    void set_times(node_view &view, const gossip_node_info_t &info) const noexcept
    {
        view.seen_time = info.is_self != 0 ? seen_time_ : time_of(info.seen_ms);
        view.last_suspected = info.is_self != 0 ? last_suspected_ : time_of(info.suspected_ms);
        view.suspicion_count = static_cast<int>(info.suspicion_count);
    }

    /// When a moment of the core's clock was.
    time_point time_of(std::uint64_t moment_ms) const noexcept
    {
        if (moment_ms == GOSSIP_NEVER) {
            return time_point{};
        }
        const time_point moment = origin_ + duration_ms(static_cast<duration_ms::rep>(moment_ms));
        // The core tells whole milliseconds. The end of that one is meant, so that a time taken
        // before is never later; but no time is still to come.
        return manual_clock_ ? moment : std::min(moment + duration_ms(1), clock::now());
    }

    /// The own node. Its metadata is left alone if it is the same, for who walks it meanwhile.
    void read_self(node_view &view) const
    {
        gossip_node_info_t info;
        if (!get_info(id_, info)) {
            return;
        }
        metadata_map metadata;
        if (info.metadata_count > 0) {
            read_core_metadata(metadata, core_, id_);
        }
        metadata_map before = std::move(view.metadata);
        fill(view, info.node);
        set_times(view, info);
        view.metadata = metadata == before ? std::move(before) : std::move(metadata);
    }

    /// After a call: what self() returned on this thread shows what the call did. After one that
    /// failed there is nothing to show, and the error text must stay.
    void refresh_self() const noexcept
    {
        if (!has_selves_.load(std::memory_order_relaxed) || closed_.load() ||
            *gossip_last_error() != '\0') {
            return;
        }
        try {
            node_view *place = nullptr;
            {
                const std::lock_guard<std::mutex> lock(selves_mutex_);
                const auto found = selves_.find(std::this_thread::get_id());
                place = found == selves_.end() ? nullptr : &found->second;
            }
            if (place) {
                read_self(*place);
            }
        } catch (...) {
            report_error(std::current_exception());
        }
    }

    // --- What C calls ---

    /// Runs a function of the program; an exception of it goes to the call that led here.
    template <typename Body>
    static void run(void *user_data, Body body) noexcept
    {
        auto &state = *static_cast<core_state *>(user_data);
        tsan_acquire(user_data);
        try {
            body(state);
        } catch (...) {
            core_call *call = core_call::of(&state);
            if (!call || !call->keep()) {
                report_error(std::current_exception());
            }
        }
        tsan_release(user_data);
    }

    static void on_old_send(const gossip_message_t *msg, const gossip_node_view_t *target,
                            void *user_data) noexcept
    {
        run(user_data, [msg, target](core_state &state) {
            fill(state.message_, *msg);
            fill(state.target_, *target);
            read_view_metadata(state.target_.metadata, *target);
            const lent_message lent(state.message_, *msg, state.target_, *target);
            state.old_send_(state.message_, state.target_);
        });
    }

    static void on_old_event(const gossip_node_view_t *node, gossip_node_status_t old_status,
                             void *user_data) noexcept
    {
        run(user_data, [node, old_status](core_state &state) {
            state.fill_event(*node);
            state.old_event_(state.node_, static_cast<node_status>(old_status));
        });
    }

    static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target,
                        void *user_data) noexcept
    {
        run(user_data, [msg, target](core_state &state) {
            state.functions_.send(gossip::message_ref(*msg), gossip::node_ref(*target));
        });
    }

    static void on_event(const gossip_node_view_t *node, gossip_node_status_t old_status,
                         void *user_data) noexcept
    {
        run(user_data, [node, old_status](core_state &state) {
            state.functions_.event(gossip::node_ref(*node), static_cast<node_status>(old_status));
        });
    }

    static void on_changes(const gossip_change_t *const *changes, std::size_t count,
                           void *user_data) noexcept
    {
        run(user_data, [changes, count](core_state &state) {
            state.functions_.changes(gossip::change_list(changes, count));
        });
    }

    static void on_packet(const std::uint8_t *bytes, std::size_t size, const char *ip,
                          std::uint16_t port, void *user_data) noexcept
    {
        run(user_data, [bytes, size, ip, port](core_state &state) {
            state.functions_.packet(bytes, size, ip, port);
        });
    }

    static void on_drop(void *user_data) noexcept
    {
        tsan_acquire(user_data);
        const auto last = std::move(static_cast<core_state *>(user_data)->kept_by_c_);
    }

    /// Of a node that was just heard or told of, all times are that of the call; only for one that
    /// was not, it is worth to ask.
    void fill_event(const gossip_node_view_t &node)
    {
        fill(node_, node);
        if (node.status == GOSSIP_NODE_SUSPECT || node.status == GOSSIP_NODE_FAILED) {
            gossip_node_info_t info;
            info.size = sizeof info;
            if (gossip_view_info(&node, &info) != 0) {
                set_times(node_, info);
            }
        } else {
            core_call *call = core_call::of(this);
            node_.seen_time = call ? call->time() : clock::now();
        }
        read_view_metadata(node_.metadata, node);
    }

    gossip_core_t *core_ = nullptr;
    gossip_node_id_t id_{};
    bool manual_clock_ = false;
    time_point origin_{};
    time_point seen_time_{};
    time_point last_suspected_{};
    std::atomic<bool> closed_{false};
    std::atomic<duration_ms::rep> last_tick_{0};
    std::shared_ptr<core_state> kept_by_c_{};

    send_callback old_send_{};
    event_callback old_event_{};
    gossip::core_callbacks functions_{};
    // What the callbacks of 1.4.2 are handed. They run one at a time, so these are used again.
    gossip_message message_{};
    node_view target_{};
    node_view node_{};

    mutable std::mutex selves_mutex_{};
    mutable std::map<std::thread::id, node_view> selves_{};
    mutable std::atomic<bool> has_selves_{false};
};

} // namespace detail
} // namespace libgossip

#endif
