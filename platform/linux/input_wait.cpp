// A wait of our own in Asio's epoll reactor. A descriptor is registered once, edge-triggered (epoll(7)); Asio's wait modifies the registration
// each time it waits, which is a system call, to have an edge that came before told again. The reactor remembers by itself that an edge came
// when nobody waited (try_speculative_), which is enough: such a wait ends at once.

#include "platform/input_wait.hpp"

#include <asio/detail/epoll_reactor.hpp>
#include <asio/detail/reactor_op.hpp>
#include <new>

namespace sluice::platform {
namespace {

/// What Asio keeps of a descriptor.
class OpenSocket : public StreamSocket {
public:
    [[nodiscard]] static asio::detail::epoll_reactor::per_descriptor_data& reactor_data(StreamSocket& socket) {
        return static_cast<OpenSocket&>(socket).impl_.get_implementation().reactor_data_;
    }
};

}  // namespace

struct InputWait::State final : asio::detail::reactor_op {
    State(asio::io_context& context, Call the_call, void* the_self)
        : reactor_op({}, perform, complete), reactor(asio::use_service<asio::detail::epoll_reactor>(context)), call(the_call), self(the_self) {}

    /// There is an event: what it is, the reader finds out.
    static status perform(reactor_op*) { return done_and_exhausted; }

    static void complete(void* owner, asio::detail::operation* operation, const std::error_code&, std::size_t) {
        State* const state = static_cast<State*>(operation);
        // Without an owner the reactor goes down, and nobody is told.
        if (owner != nullptr) state->call(state->self, state->ec_);
    }

    asio::detail::epoll_reactor& reactor;
    Call call;
    void* self;
};

InputWait::InputWait(asio::io_context& context, Call call, void* self) {
    static_assert(sizeof(State) <= state_bytes);
    ::new (static_cast<void*>(storage_)) State(context, call, self);
}

InputWait::~InputWait() { state().~State(); }

void InputWait::start(StreamSocket& socket) {
    State& wait = state();
    wait.ec_ = {};
    constexpr bool is_continuation = false;
    constexpr bool allow_speculative = true;
    wait.reactor.start_op(asio::detail::epoll_reactor::read_op, socket.native_handle(), OpenSocket::reactor_data(socket), &wait, is_continuation,
                          allow_speculative);
}

}  // namespace sluice::platform
