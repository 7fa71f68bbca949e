#include "proxy/context_pool.hpp"

namespace sluice::proxy {

void ContextPool::free_overflow(RequestContext& context) noexcept { delete &context; }

}  // namespace sluice::proxy
