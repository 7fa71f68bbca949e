set(sluice_zig_cpu aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/zig-macos.cmake)
