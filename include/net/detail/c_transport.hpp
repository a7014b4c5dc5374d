/**
 * @file
 * @brief A transport of C as a C++ object: what UDP and TCP have in common.
 */
#ifndef LIBGOSSIP_NET_DETAIL_C_TRANSPORT_HPP
#define LIBGOSSIP_NET_DETAIL_C_TRANSPORT_HPP

#include "../transport.hpp"
#include "c_net_api.hpp"
#include "completions.hpp"
#include "custom_serializer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>

namespace libgossip {
namespace net {
namespace detail {

using namespace libgossip::detail; // NOLINT: one name for what is internal.

struct destroy_transport {
    void operator()(gossip_transport_t *transport) const noexcept
    {
        gossip_transport_destroy(transport);
    }
};

/// Whether a text is an address that a transport takes. No socket is made for it.
inline bool is_numeric(const std::string &host)
{
    const std::unique_ptr<gossip_transport_t, destroy_transport> attempt(
        gossip_transport_create(GOSSIP_TRANSPORT_UDP, host.c_str(), 1));
    return attempt != nullptr;
}

/// A transport of the C library.
class c_transport : public transport {
public:
    c_transport(gossip_transport_type_t type, const std::string &host, std::uint16_t port)
        : state_(std::make_unique<state>())
    {
        const std::string address = host == "localhost" ? "127.0.0.1" : host;
        state_->handle.reset(gossip_transport_create(type, address.c_str(), port));
        if (!state_->handle) {
            throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                    gossip_last_error());
        }
    }

    /// Binds the address and starts the transport's thread. A transport that was stopped can be
    /// started again.
    error_code start() override
    {
        const auto code = gossip_transport_start(state_->handle.get());
        if (code == GOSSIP_ERR_SUCCESS) {
            state_->hold_core();
        }
        return static_cast<error_code>(code);
    }

    /// Closes all sockets and ends the thread, within a second.
    error_code stop() override
    {
        const auto code = gossip_transport_stop(state_->handle.get());
        state_->let_core_go();
        return static_cast<error_code>(code);
    }

    error_code send_message(const gossip_message &msg, const node_view &target) override
    {
        return state_->send(msg, target);
    }

    /// The callback runs on a thread that the transport makes when this is first called. An exception
    /// of it goes to gossip::set_error_handler().
    void send_message_async(const gossip_message &msg, const node_view &target,
                            std::function<void(error_code)> callback) override
    {
        if (lent_message::find(msg)) {
            // Inside a send callback it does not wait, and has more to send than a copy.
            const error_code code = send_message(msg, target);
            state_->completions().add([code, callback = std::move(callback)] {
                if (callback) {
                    callback(code);
                }
            });
            return;
        }
        // The transport may be moved meanwhile; what is behind it waits for this.
        state *here = state_.get();
        here->completions().add([here, msg, target, callback = std::move(callback)] {
            const error_code code = here->send(msg, target);
            if (callback) {
                callback(code);
            }
        });
    }

    /// The transport keeps the core alive until it is stopped, or destroyed. It does not send for the
    /// core; do that in its send callback.
    void set_gossip_core(std::shared_ptr<gossip_core> core) override
    {
        if (core) {
            gossip_transport_set_core(state_->handle.get(), core->handle());
        }
        state_->set_core(std::move(core));
    }

    /// An empty pointer changes nothing.
    void set_serializer(std::unique_ptr<message_serializer> serializer) override
    {
        if (!serializer) {
            return;
        }
        const message_serializer &form = *serializer;
        if (typeid(form) == typeid(json_serializer) ||
            typeid(form) == typeid(gossip::native_serializer)) {
            const auto &native = static_cast<const gossip::native_serializer &>(form);
            gossip_transport_set_serializer(state_->handle.get(), native.handle());
        } else {
            const serializer_ptr custom = make_custom(std::move(serializer));
            gossip_transport_set_serializer(state_->handle.get(), custom.get());
        }
        state_->note_serializer();
    }

    // --- What libgossip 1.4.2 did not have ---

    /// The port that is bound, or was last; before the first start the one that was asked for.
    std::uint16_t port() const noexcept { return gossip_transport_port(state_->handle.get()); }

    /// Sends a message that a callback of the newer form was handed.
    error_code send_message(gossip::message_ref msg, gossip::node_ref target)
    {
        return static_cast<error_code>(
            gossip_transport_send_message(state_->handle.get(), &msg.c(), &target.c()));
    }

    /// The handle, for functions of C. It stays this object's.
    gossip_transport_t *handle() const noexcept { return state_->handle.get(); }

private:
    class state {
    public:
        ~state()
        {
            if (completions_) {
                completions_->finish();
            }
        }
        error_code send(const gossip_message &msg, const node_view &target) const
        {
            if (!has_serializer()) {
                return error_code::serialization_error;
            }
            const gossip_node_view_t *handed = lent_message::find(target);
            const gossip_node_view_t c_target = handed ? *handed : to_c(target);
            return static_cast<error_code>(
                with_c_message(msg, [this, &c_target](const gossip_message_t &c_msg) {
                    return gossip_transport_send_message(handle.get(), &c_msg, &c_target);
                }));
        }
        void set_core(std::shared_ptr<gossip_core> core)
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            weak_ = core;
            core_.swap(core);
        }
        void hold_core()
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            core_ = weak_.lock();
        }
        void let_core_go()
        {
            // The core may be destroyed by this, and its callbacks with it: not under the lock.
            std::shared_ptr<gossip_core> last;
            const std::lock_guard<std::mutex> lock(mutex_);
            last.swap(core_);
        }
        bool has_serializer() const
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            return has_serializer_;
        }
        void note_serializer()
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            has_serializer_ = true;
        }
        net::detail::completions &completions()
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!completions_) {
                completions_ = net::detail::completions::create();
            }
            return *completions_;
        }

    private:
        mutable std::mutex mutex_{};
        std::shared_ptr<gossip_core> core_{};
        std::weak_ptr<gossip_core> weak_{};
        bool has_serializer_ = false;
        std::shared_ptr<net::detail::completions> completions_{};

    public:
        std::unique_ptr<gossip_transport_t, destroy_transport> handle{};
    };

    std::unique_ptr<state> state_;
};

} // namespace detail
} // namespace net
} // namespace libgossip

#endif
