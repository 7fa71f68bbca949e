set(sluice_zig_cpu x86_64)
include(${CMAKE_CURRENT_LIST_DIR}/zig-macos.cmake)
