#include "platform/input_wait.hpp"

#include <new>

#include "platform/operation_memory.hpp"

namespace sluice::platform {

struct InputWait::State {
    Call call;
    void* self;
    OperationMemory memory;
};

namespace {

template <typename State>
struct Ready {
    using allocator_type = OperationAllocator<void>;
    State* state;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(state->memory); }
    void operator()(std::error_code error) { state->call(state->self, error); }
};

}  // namespace

InputWait::InputWait(asio::io_context&, Call call, void* self) {
    static_assert(sizeof(State) <= state_bytes);
    ::new (static_cast<void*>(storage_)) State{call, self, {}};
}

InputWait::~InputWait() { state().~State(); }

void InputWait::start(StreamSocket& socket) { socket.async_wait(asio::socket_base::wait_read, Ready<State>{&state()}); }

}  // namespace sluice::platform
